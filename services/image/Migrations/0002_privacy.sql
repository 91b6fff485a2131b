-- How long pictures of a user are kept, where that differs from what everybody has.
create table retention (user_id uuid primary key, version bigint not null, days int not null);
alter table retention enable row level security;
create policy own_rows on retention using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
create index images_by_age on images (created_at);
create index images_of_owner on images (owner_id);

create trigger refuse_erased before insert on images for each row execute function refuse_erased('owner_id');
create trigger refuse_erased before insert on retention for each row execute function refuse_erased('user_id');
