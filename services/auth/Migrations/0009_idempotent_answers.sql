-- Answers to creating POSTs, by the caller's Idempotency-Key.
create table idempotent_answers (
  user_id uuid not null,
  key text not null,
  request_hash bytea not null,
  claimed_at timestamptz not null,
  -- Null while the first request is under way.
  status int,
  location text,
  body bytea,
  primary key (user_id, key));
alter table idempotent_answers enable row level security;
create policy own_rows on idempotent_answers using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
create trigger refuse_erased before insert on idempotent_answers for each row execute function refuse_erased('user_id');
