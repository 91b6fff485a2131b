-- What could not be delivered. It may hold personal data of anybody: for admins only.
create table dead_letters (
  id uuid primary key,
  topic text not null,
  event_id text not null,
  source text,
  payload bytea not null,
  state text not null check (state in ('waiting', 'replayed', 'exhausted', 'discarded')),
  attempts int not null default 0,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- Null unless waiting.
  next_retry_at timestamptz,
  last_error text,
  replayed_at timestamptz,
  replayed_by uuid,
  discarded_at timestamptz,
  discarded_by uuid,
  changed_at timestamptz not null,
  -- The broker brings a letter again when it likes, and each subscriber of a topic makes one of its own.
  unique (topic, event_id));
create index dead_letters_due on dead_letters (next_retry_at) where state = 'waiting';
create index dead_letters_old on dead_letters (changed_at) where state <> 'waiting';
