-- Whether the history of the deletion's own workflow, the last thing that names its user, is gone too.
alter table deletions add column forgotten boolean not null default false;
create index deletions_unforgotten on deletions (finished_at) where status = 'succeeded' and not forgotten;
