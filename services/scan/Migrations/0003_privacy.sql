-- How long results of a user are kept, where that differs from what everybody has.
create table retention (user_id uuid primary key, version bigint not null, days int not null);
alter table retention enable row level security;
create policy own on retention using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
create index scans_by_age on scans (created_at) where status <> 'queued';

create trigger refuse_erased before insert on scans for each row execute function refuse_erased('user_id');
create trigger refuse_erased before insert on submissions for each row execute function refuse_erased('user_id');
create trigger refuse_erased before insert on retention for each row execute function refuse_erased('user_id');
