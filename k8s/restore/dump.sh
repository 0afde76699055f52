#!/usr/bin/env bash
# Writes what a service holds into a file, readable by its owner only.
set -euo pipefail

if [[ $# -ne 2 || $1 == --help ]]; then
  cat <<'USAGE'
usage: dump.sh <database> <file>

  database   contact_service, workflow_service, notification_service or privacy_service
  file       is written anew; holds personal data (contact_service): encrypt it, and end it when you said you would

The server and who we are to it: PGHOST, PGPORT, PGUSER, PGPASSWORD ... as libpq takes them. The role must see the rows of
every client: a superuser, or one with BYPASSRLS and pg_read_all_data. Another role fails instead of leaving rows out.
pg_dump must not be older than the server. The service may go on meanwhile.
USAGE
  exit "$([[ ${1-} == --help ]] && echo 0 || echo 2)"
fi

umask 077
pg_dump --format=custom --dbname="$1" --file="$2.new"
mv "$2.new" "$2"
