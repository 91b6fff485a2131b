-- Sign-ins that are on their way through a provider. Hashes: whoever reads this table can finish none of them.
create table provider_sign_ins (
  state_hash bytea primary key,
  -- Of the cookie of the browser that began it; only that browser finishes it.
  browser_hash bytea not null,
  provider text not null,
  frontend text not null,
  -- Set where an account that is signed in adds the provider to itself.
  account_id uuid references accounts (id) on delete cascade,
  session_id uuid,
  expires_at timestamptz not null);
create index provider_sign_ins_expiry on provider_sign_ins (expires_at);

alter table social_accounts add column if not exists linked_at timestamptz;
create unique index social_accounts_account on social_accounts (account_id, provider);
