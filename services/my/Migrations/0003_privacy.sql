create trigger refuse_erased before insert on profiles for each row execute function refuse_erased('user_id');
create trigger refuse_erased before insert on characters for each row execute function refuse_erased('user_id');
create trigger refuse_erased before insert on scans for each row execute function refuse_erased('user_id');

create table settings (
  user_id uuid primary key,
  version bigint not null,
  analytics boolean not null,
  improvement boolean not null,
  result_days int not null,
  picture_days int not null,
  changed_at timestamptz not null);
alter table settings enable row level security;
create policy own_rows on settings using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
create trigger refuse_erased before insert on settings for each row execute function refuse_erased('user_id');

create table exports (
  id uuid primary key,
  user_id uuid not null,
  status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  parts int not null default 0,
  bytes bigint not null default 0,
  requested_at timestamptz not null,
  finished_at timestamptz,
  expires_at timestamptz not null);
-- One at a time for each user.
create unique index exports_running on exports (user_id) where status = 'running';
create index exports_expiry on exports (expires_at);
alter table exports enable row level security;
create policy own_rows on exports using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
create trigger refuse_erased before insert on exports for each row execute function refuse_erased('user_id');

create table deletions (
  id uuid primary key,
  -- Whoever knows the receipt may look; once all is gone only its hash is left, and nobody's id.
  receipt_hash bytea not null unique,
  receipt text,
  user_id uuid unique,
  status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  requested_at timestamptz not null,
  finished_at timestamptz);
alter table deletions enable row level security;
create policy own_rows on deletions using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));

-- Steps of both; no id of a user.
create table privacy_steps (
  request_id uuid not null,
  position int not null,
  name text not null,
  status text not null default 'waiting' check (status in ('waiting', 'running', 'succeeded')),
  removed jsonb,
  primary key (request_id, name));
create function forget_steps() returns trigger language plpgsql as $$
begin delete from privacy_steps where request_id = old.id; return null; end $$;
create trigger forget_steps after delete on exports for each row execute function forget_steps();
