-- Scans that are gone; the history of their workflow follows when it is certainly over.
create table forgotten (job_id uuid primary key, user_id uuid not null, due_at timestamptz not null);
create index forgotten_due on forgotten (due_at);
alter table forgotten enable row level security;
create policy own on forgotten using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
create trigger refuse_erased before insert on forgotten for each row execute function refuse_erased('user_id');
