#!/bin/sh
# Run once, when the database is new: a role and a database of its own for the app and for MLflow, and a role that may
# only look, for the exporter of metrics. A role that exists already (POSTGRES_USER may have one of the names) gets its password.
set -eu
for name in OPINIONLENS_DB_PASSWORD MLFLOW_DB_PASSWORD DATA_SOURCE_PASS; do
    # On a server they come from files (docker/secrets.yaml).
    eval "file=\${${name}_FILE:-}"
    [ -z "$file" ] || export "$name=$(cat "$file")"
done
: "${OPINIONLENS_DB_PASSWORD:?is empty}" "${MLFLOW_DB_PASSWORD:?is empty}" "${DATA_SOURCE_PASS:?is empty}"
psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "${POSTGRES_DB:-$POSTGRES_USER}" <<'SQL'
-- From the environment, so that no password stands on a command line.
\getenv app_password OPINIONLENS_DB_PASSWORD
\getenv mlflow_password MLFLOW_DB_PASSWORD
\getenv exporter DATA_SOURCE_USER
\getenv exporter_password DATA_SOURCE_PASS

SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', name, password)
FROM (VALUES ('opinionlens', :'app_password'), ('mlflow', :'mlflow_password'), (:'exporter', :'exporter_password')) AS wanted (name, password)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT format('ALTER ROLE %I PASSWORD %L', name, password)
FROM (VALUES (:'exporter', :'exporter_password'), ('mlflow', :'mlflow_password'), ('opinionlens', :'app_password')) AS wanted (name, password) \gexec
GRANT pg_monitor TO :"exporter";

SELECT format('CREATE DATABASE %I OWNER %I', name, name)
FROM (VALUES ('opinionlens'), ('mlflow')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

-- Neither of the two may look into the other's database.
REVOKE CONNECT ON DATABASE opinionlens FROM PUBLIC;
REVOKE CONNECT ON DATABASE mlflow FROM PUBLIC;
GRANT CONNECT ON DATABASE opinionlens TO :"exporter";
GRANT CONNECT ON DATABASE mlflow TO :"exporter";
SQL
