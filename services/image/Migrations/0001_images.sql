create table images (
  -- {channel}/{user id}/{image id}
  key text primary key,
  channel text not null,
  owner_id uuid not null,
  status text not null check (status in ('pending', 'ready', 'deleted')),
  filename text,
  metadata text,
  declared_type text not null,
  declared_bytes bigint not null,
  declared_sha256 text,
  content_type text,
  width int,
  height int,
  bytes bigint,
  sha256 text,
  created_at timestamptz not null,
  expires_at timestamptz,
  ready_at timestamptz);
create index images_pending on images (expires_at) where status = 'pending';
alter table images enable row level security;
create policy own_rows on images using (current_setting('eco2.user_id', true) in (owner_id::text, 'all'));

-- What signs upload addresses, shared by the replicas.
create table upload_keys (
  id int primary key,
  secret bytea not null);
