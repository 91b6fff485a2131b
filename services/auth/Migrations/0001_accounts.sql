-- Accounts, whichever way they sign in. Nothing of a person but what signing in needs; the profile is kept by the app my.
create table accounts (
  id uuid primary key,
  -- Normalised: composed (NFC), lower case. Null for an account that only has social sign-ins.
  email text unique,
  password_hash text,
  nickname text,
  roles text[] not null default '{user}',
  totp_secret bytea,
  created_at timestamptz not null,
  last_login_at timestamptz,
  deleted_at timestamptz);

create table social_accounts (
  id uuid primary key,
  account_id uuid not null references accounts (id) on delete cascade,
  provider text not null,
  provider_user_id text not null,
  email text,
  last_login_at timestamptz,
  unique (provider, provider_user_id));

-- A session is a family of refresh tokens: at most one of them is unused.
create table sessions (
  id uuid primary key,
  account_id uuid not null references accounts (id) on delete cascade,
  provider text not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_for text,
  user_agent text,
  address text);
create index sessions_account on sessions (account_id) where revoked_at is null;
create index sessions_revoked on sessions (revoked_at) where revoked_at is not null;

create table refresh_tokens (
  hash bytea primary key,
  session_id uuid not null references sessions (id) on delete cascade,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz);
create index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

-- Keys that sign access tokens. Only this service's role can read its schema.
create table signing_keys (
  kid text primary key,
  algorithm text not null,
  private_key bytea not null,
  active_from timestamptz not null,
  expires_at timestamptz not null);

-- Guessing costs time: counted before a password is checked. Keys are hashes, so that typed addresses are not kept.
create table sign_in_attempts (
  key bytea primary key,
  failures int not null,
  last_at timestamptz not null,
  blocked_until timestamptz);

create table login_audit (
  id bigint generated always as identity primary key,
  account_id uuid,
  provider text not null,
  session_id uuid,
  outcome text not null,
  address text,
  user_agent text,
  at timestamptz not null);
revoke update, delete on login_audit from eco2_auth;
