-- Sessions of deleted accounts: gateways that start must still refuse their tokens, for as long as one could be valid.
create table ended_sessions (id uuid primary key, account_id uuid not null, revoked_at timestamptz not null);
create index ended_sessions_age on ended_sessions (revoked_at);

-- A sign-in that was under way when its account was closed gets no session.
create trigger refuse_erased before insert on sessions for each row execute function refuse_erased('account_id');

-- Row-level security. The app begins as 'all', since it has yet to find out who somebody is, and becomes the user where it knows.
alter table accounts enable row level security;
create policy own_rows on accounts using (current_setting('eco2.user_id', true) in (id::text, 'all'));
alter table refresh_tokens enable row level security;
create policy own_rows on refresh_tokens using (current_setting('eco2.user_id', true) = 'all' or exists (select 1 from sessions s where s.id = session_id));

-- Every other table with a user's id, by whatever name.
do $$
declare found record;
begin
  for found in
    select c.table_name as t, c.column_name as owner from information_schema.columns c
    join pg_class k on k.relname = c.table_name and k.relnamespace = current_schema()::regnamespace
    where c.table_schema = current_schema() and c.column_name in ('account_id', 'user_id', 'owner_id') and k.relkind = 'r' and not k.relrowsecurity
  loop
    execute format('alter table %I enable row level security', found.t);
    execute format('create policy own_rows on %I using (current_setting(''eco2.user_id'', true) in (%I::text, ''all''))', found.t, found.owner);
  end loop;
end $$;
