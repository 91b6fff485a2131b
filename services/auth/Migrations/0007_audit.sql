-- What happened to accounts, for good: rows are added and never changed. Each row's hash covers the row and the hash before it, so that
-- whoever changes one must change all that follow, and cannot change a hash that somebody wrote down elsewhere.
create table audit (
  id uuid primary key,
  -- Its place in the chain, without gaps; given at commit.
  seq bigint unique,
  kind text not null check (kind ~ '^[a-z_]{3,40}$'),
  at timestamptz not null,
  -- Who did it and whose account it is about: ids, nothing else of a person.
  actor_id uuid,
  user_id uuid,
  -- json, not jsonb: the hash covers these very characters.
  details json,
  -- Traces: forgotten after a while. The chain covers only a salted hash of them, so that it holds without them.
  address text,
  user_agent text,
  salt bytea,
  traces_hash bytea,
  hash bytea);
create index audit_traces on audit (at) where salt is not null;
create index audit_user on audit (user_id, seq);

-- Where the chain ends. Its row is the chain's lock, held from here to the end of the commit and by nobody longer.
create table audit_head (only_one boolean primary key default true check (only_one), seq bigint not null, hash bytea not null);
insert into audit_head (seq, hash) values (0, '\x0000000000000000000000000000000000000000000000000000000000000000');

-- Things that are told once, such as the first use of a key on a day. Kept for two days.
create table audit_once (name text primary key, at timestamptz not null);

create function chain_audit() returns trigger language plpgsql security definer set search_path = auth, pg_temp as $$
declare
  head audit_head;
  grain bytea;
  traces bytea;
  link bytea;
begin
  select * into strict head from audit_head for update;
  if new.address is not null or new.user_agent is not null then
    grain := uuid_send(gen_random_uuid());
    traces := sha256(grain || convert_to(coalesce(new.address, '') || E'\n' || coalesce(new.user_agent, ''), 'UTF8'));
  end if;
  link := sha256(convert_to(concat_ws(E'\n',
    encode(head.hash, 'hex'), head.seq + 1, new.id, new.kind, to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    coalesce(new.actor_id::text, ''), coalesce(new.user_id::text, ''), coalesce(encode(traces, 'hex'), ''), coalesce(new.details::text, '')), 'UTF8'));
  update audit set seq = head.seq + 1, salt = grain, traces_hash = traces, hash = link where id = new.id;
  update audit_head set seq = head.seq + 1, hash = link;
  return null;
end $$;

-- At commit: whatever a transaction locks besides, it takes this lock last, so that no two wait for each other.
create constraint trigger chain_audit after insert on audit deferrable initially deferred for each row execute function chain_audit();

-- The one change that is allowed: to forget where old entries came from. Not those of the last 30 days, whoever asks.
create function forget_audit_traces(before timestamptz, at_most int) returns int language sql security definer set search_path = auth, pg_temp as $$
  with forgotten as (
    update audit set address = null, user_agent = null, salt = null
    where id in (select id from audit where salt is not null and at < least(before, now() - interval '30 days') order by at limit at_most)
    returning 1)
  select count(*)::int from forgotten;
$$;
revoke all on function forget_audit_traces(timestamptz, int) from public;
grant execute on function forget_audit_traces(timestamptz, int) to eco2_auth;

revoke all on audit, audit_head from eco2_auth;
grant select, insert (id, kind, at, actor_id, user_id, details, address, user_agent) on audit to eco2_auth;
grant select on audit_head to eco2_auth;

alter table audit enable row level security;
create policy added on audit for insert with check (true);
create policy own_rows on audit for select using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));

insert into audit (id, kind, at, actor_id, user_id, details, address, user_agent)
select gen_random_uuid(), case outcome when 'signed_in' then 'signed_in' else 'sign_in_refused' end, at, account_id, account_id,
  json_strip_nulls(json_build_object('provider', provider, 'session_id', session_id)), address, user_agent
from login_audit order by id;
drop table login_audit;
