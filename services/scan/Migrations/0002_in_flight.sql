-- Scans that have not ended: how many of one user, how many of all.
create index scans_in_flight on scans (user_id, created_at) where status = 'queued';

-- Deleted by its owner while it ran: out of the history at once, but it counts until it has ended.
alter table scans add column hidden boolean not null default false;
