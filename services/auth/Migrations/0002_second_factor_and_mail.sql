-- Proof of the address, the second factor, links that work once, and mails that wait to be sent.
alter table accounts
  add column email_verified_at timestamptz,
  add column password_changed_at timestamptz,
  -- totp_secret and this one are sealed with a key that is not in this database. Pending until a code has shown that the app holds it.
  add column totp_pending bytea,
  add column totp_on_at timestamptz,
  -- The time step of the last code that was taken: neither it nor an older one is taken again.
  add column totp_last_step bigint,
  -- One salt for the ten codes of an account, so that looking one up costs one hash.
  add column backup_salt bytea,
  add column backup_rounds int;

-- Set when this session has shown the second factor.
alter table sessions add column second_factor_at timestamptz;

create table backup_codes (
  account_id uuid not null references accounts (id) on delete cascade,
  hash bytea not null,
  used_at timestamptz,
  primary key (account_id, hash));

-- The password was right, the second factor is awaited.
create table sign_in_challenges (
  hash bytea primary key,
  account_id uuid not null references accounts (id) on delete cascade,
  provider text not null,
  tries int not null default 0,
  expires_at timestamptz not null);
create index sign_in_challenges_account on sign_in_challenges (account_id);

-- One row per account and purpose: a newer link replaces the older one, and using a link removes it.
create table one_time_links (
  account_id uuid not null references accounts (id) on delete cascade,
  purpose text not null,
  hash bytea not null unique,
  expires_at timestamptz not null,
  primary key (account_id, purpose));

-- Mails to be sent. No secret is in here: a link is made when its mail leaves.
create table mails (
  id uuid primary key,
  kind text not null,
  -- Null where only an address was typed; whether it has an account is found out later.
  account_id uuid references accounts (id) on delete cascade,
  email text not null,
  language text not null,
  attempts int not null default 0,
  created_at timestamptz not null,
  next_at timestamptz not null);
create index mails_next on mails (next_at);

-- Where an account signed in from: guessing elsewhere does not make these wait.
create table known_addresses (
  account_id uuid not null references accounts (id) on delete cascade,
  address text not null,
  last_at timestamptz not null,
  primary key (account_id, address));

alter table social_accounts add column if not exists linked_at timestamptz;
