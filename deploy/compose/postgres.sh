# The logins that no app's migrations make: Dapr's, with a database of its own, and that of the exporter. Sourced by the image when there is no data yet;
# again by hand (README) it makes what an older volume lacks and sets both passwords to what .env says.
psql -v ON_ERROR_STOP=1 --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -v state="$ECO2_STATE_POSTGRES_PASSWORD" -v exporter="$ECO2_EXPORTER_POSTGRES_PASSWORD" <<'SQL'
select 'create role eco2_state' where not exists (select from pg_roles where rolname = 'eco2_state') \gexec
alter role eco2_state login password :'state';
select 'create database eco2_state owner eco2_state' where not exists (select from pg_database where datname = 'eco2_state') \gexec
select 'create role eco2_exporter in role pg_monitor' where not exists (select from pg_roles where rolname = 'eco2_exporter') \gexec
alter role eco2_exporter login password :'exporter';
SQL
