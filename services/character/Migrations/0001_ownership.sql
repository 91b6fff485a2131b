create table ownership (
  id uuid primary key,
  user_id uuid not null,
  character_code text not null,
  source text not null check (source in ('scan', 'quest', 'onboarding', 'admin')),
  status text not null default 'owned' check (status in ('owned', 'burned', 'traded')),
  acquired_at timestamptz not null,
  job_id uuid,
  unique (user_id, character_code));

-- The first verdict about a job is the verdict.
create table evaluations (
  job_id uuid primary key,
  user_id uuid not null,
  image_sha256 text not null,
  -- The picture counted: it earned a character, or would have if the user had not had it.
  rewarded boolean not null,
  reward text not null,
  evaluated_at timestamptz not null);
create unique index evaluations_picture on evaluations (user_id, image_sha256) where rewarded;

-- Row-level security behind every query.
alter table ownership enable row level security;
create policy own_rows on ownership using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
alter table evaluations enable row level security;
create policy own_rows on evaluations using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
