#!/usr/bin/env bash
# Puts a dump in the place of what a service holds, in one transaction, with what must be so before the service starts.
set -euo pipefail

if [[ $# -ne 2 || $1 == --help ]]; then
  cat <<'USAGE'
usage: restore.sh <database> <file>

  database   contact_service, workflow_service, notification_service or privacy_service; it and its roles exist
  file       made by dump.sh

The server and who we are to it: PGHOST, PGPORT, PGUSER, PGPASSWORD ... as libpq takes them; a superuser. Refuses while the
service is connected. Everything in the database is replaced: all of it, or nothing when a step fails. May be run again.
Then: run the migrations of the release, start the service, wait until it is ready.
USAGE
  exit "$([[ ${1-} == --help ]] && echo 0 || echo 2)"
fi

database=$1 dump=$2
after="$(cd "$(dirname "$0")" && pwd)/after-$database.sql"
[[ -f $after ]] || after=/dev/null

connected=$(psql -X -At -d "$database" -c "SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
if [[ $connected -ne 0 ]]; then
  echo "$connected connections to $database: stop the service first" >&2
  exit 1
fi

# What comes through the pipe is committed only if all of it came.
{
  pg_restore --file=- "$dump" || echo 'SELECT 1 / 0 AS "the dump cannot be read";'
} | psql -X -q -v ON_ERROR_STOP=1 --single-transaction -d "$database" -o /dev/null \
  -c 'SET client_min_messages = warning' -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public' -f - -f "$after"
echo "$database is as in $dump"
