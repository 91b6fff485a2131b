-- Keys for programs of a user. The secret is shown once; here is its hash.
create table api_keys (
  id uuid primary key,
  user_id uuid not null references accounts (id) on delete cascade,
  name text not null,
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  -- To the minute.
  last_used_at timestamptz,
  revoked_at timestamptz);
create index api_keys_user on api_keys (user_id) where revoked_at is null;
create index api_keys_revoked on api_keys (revoked_at) where revoked_at is not null;
alter table api_keys enable row level security;
create policy own_rows on api_keys using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
