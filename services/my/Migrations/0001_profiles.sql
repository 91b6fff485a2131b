create table profiles (
  user_id uuid primary key,
  provider text not null,
  name text,
  nickname text,
  email text,
  -- E.164.
  phone_number text unique,
  profile_image_url text,
  last_login_at timestamptz,
  created_at timestamptz not null);

-- A read model, fed by character.granted; it can be dropped and fed again.
create table characters (
  user_id uuid not null,
  code text not null,
  ownership_id uuid not null,
  name text not null,
  type text not null,
  dialog text not null,
  image_url text not null,
  match_code text,
  source text not null,
  job_id uuid,
  acquired_at timestamptz not null,
  primary key (user_id, code));

-- A read model, fed by job.finished: enough to count.
create table scans (
  job_id uuid primary key,
  user_id uuid not null,
  status text not null,
  middle_code text,
  middle_category text,
  eligible boolean not null,
  finished_at timestamptz not null);
create index scans_user on scans (user_id);

alter table profiles enable row level security;
create policy own_rows on profiles using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
alter table characters enable row level security;
create policy own_rows on characters using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
alter table scans enable row level security;
create policy own_rows on scans using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
