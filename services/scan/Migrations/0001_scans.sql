create table scans (
  job_id uuid primary key,
  user_id uuid not null,
  image_key text not null,
  image_sha256 text not null,
  image_url text not null,
  user_input text,
  model text not null,
  language text not null,
  status text not null default 'queued' check (status in ('queued', 'succeeded', 'failed', 'cancelled')),
  headline text,
  middle_code text,
  final_place text,
  reward_status text,
  result jsonb,
  error jsonb,
  created_at timestamptz not null,
  finished_at timestamptz
);

-- A job id is a UUIDv7, so its order is the order of time.
create index scans_of_user on scans (user_id, job_id desc);

-- Which scan an Idempotency-Key is bound to. Taken over when it has expired.
create table submissions (
  user_id uuid not null,
  key text not null,
  body_hash bytea not null,
  job_id uuid not null references scans (job_id) on delete cascade deferrable initially deferred,
  created_at timestamptz not null,
  primary key (user_id, key)
);

create index submissions_of_job on submissions (job_id);

alter table scans enable row level security;
create policy own on scans using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
alter table submissions enable row level security;
create policy own on submissions using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
