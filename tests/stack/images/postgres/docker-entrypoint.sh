#!/bin/bash
# What users rely on in the official image: its variables and their _FILE forms, PGDATA, docker-entrypoint-initdb.d, and a
# server that listens on its socket alone until the first start is over.
set -euo pipefail

setting() { # setting NAME DEFAULT: the variable's value, or the content of the file that NAME_FILE names
  local file="${1}_FILE"
  if [ -n "${!file:-}" ]; then
    [ -z "${!1:-}" ] || { echo "set $1 or $file, not both" >&2; exit 1; }
    cat "${!file}"
  else
    echo "${!1:-$2}"
  fi
}

first_start() {
  local user password database method script
  user=$(setting POSTGRES_USER postgres)
  password=$(setting POSTGRES_PASSWORD "")
  database=$(setting POSTGRES_DB "$user")
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$password" ] && [ "$method" != trust ]; then
    echo "POSTGRES_PASSWORD is empty: give the superuser a password" >&2
    exit 1
  fi
  # shellcheck disable=SC2086 # several options in one variable, as in the official image
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") -A trust ${POSTGRES_INITDB_ARGS:-} > /dev/null
  printf 'host all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

  export PGUSER=$user PGPASSWORD=$password PGDATABASE=$database
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST" -w start > /dev/null
  if [ "$database" != postgres ]; then
    psql -qX -v ON_ERROR_STOP=1 -d postgres -v name="$database" <<< 'CREATE DATABASE :"name";'
  fi
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) echo "running $script"; if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql) echo "running $script"; psql -qX -v ON_ERROR_STOP=1 -f "$script" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop > /dev/null
  export -n PGUSER PGPASSWORD PGDATABASE
}

if [ "${1:-}" = "" ] || [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres:postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ "$1" = postgres ]; then
  mkdir -p -m 700 "$PGDATA"
  [ -s "$PGDATA/PG_VERSION" ] || first_start
  set -- "$@" -c listen_addresses='*' -c unix_socket_directories="$PGHOST"
fi
exec "$@"
