# The logins that no app's migrations make: Dapr's, with a database of its own, and that of the exporter. Sourced by the image when there is no data yet.
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -v state="$ECO2_STATE_POSTGRES_PASSWORD" -v exporter="$ECO2_EXPORTER_POSTGRES_PASSWORD" <<'SQL'
create role eco2_state login password :'state';
create database eco2_state owner eco2_state;
create role eco2_exporter login password :'exporter' in role pg_monitor;
SQL
