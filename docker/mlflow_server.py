"""The MLflow server of the image, and the upgrade of its tables.

Settings come from the environment: `MLFLOW_BACKEND_STORE_URI` (libpq reads the password from `PGPASSWORD`),
`MLFLOW_ARTIFACTS_DESTINATION` (a folder, or s3://bucket), `MLFLOW_SERVER_ALLOWED_HOSTS`,
`MLFLOW_SERVER_CORS_ALLOWED_ORIGINS`, and for the login `MLFLOW_AUTH_ADMIN_USERNAME`,
`MLFLOW_AUTH_ADMIN_PASSWORD` and `MLFLOW_FLASK_SERVER_SECRET_KEY`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

REQUIRED = ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_AUTH_ADMIN_PASSWORD", "MLFLOW_FLASK_SERVER_SECRET_KEY")
# MLflow itself refuses less.
LEAST_CHARACTERS = 12
# One process: each costs 300 MB, and on few cores more of them only wait for each other.
WORKERS = 1
# A changed password counts after a minute; without this each request would pay for hashing it again.
LOGIN_CACHE_SECONDS = 60
# Large tables take long to change.
MIGRATION_SECONDS = 3600


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each setting that keeps the server from starting."""
    found = [f"{name} is empty." for name in REQUIRED if not environment.get(name)]
    password = environment.get("MLFLOW_AUTH_ADMIN_PASSWORD", "")
    if password and len(password) < LEAST_CHARACTERS:
        found.append(f"MLFLOW_AUTH_ADMIN_PASSWORD needs {LEAST_CHARACTERS} characters or more.")
    return found


def login_settings(store: str) -> str:
    """Return MLflow's file of login settings; users live beside the runs."""
    # The percent sign begins a reference in files of this form.
    return (
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = {store.replace('%', '%%')}\n"
        "admin_username = admin\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        "grant_default_workspace_access = false\n"
        f"auth_cache_ttl_seconds = {LOGIN_CACHE_SECONDS}\n"
    )


def command(environment: Mapping[str, str]) -> list[str]:
    """Return the command that starts the server."""
    options = {
        "--host": "0.0.0.0",  # noqa: S104 - inside a container
        "--port": "5000",
        "--workers": str(WORKERS),
        "--app-name": "basic-auth",
        "--backend-store-uri": environment["MLFLOW_BACKEND_STORE_URI"],
        "--artifacts-destination": environment.get("MLFLOW_ARTIFACTS_DESTINATION")
        or "/var/lib/mlflow/artifacts",
        "--allowed-hosts": environment.get("MLFLOW_SERVER_ALLOWED_HOSTS"),
        "--cors-allowed-origins": environment.get("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"),
    }
    pairs = [part for name, value in options.items() if value for part in (name, value)]
    return ["mlflow", "server", *pairs]


def migrate(store: str) -> int:
    """Bring the tables of an older MLflow up to date.

    A server makes new ones by itself, but refuses to start on old ones.
    """
    from sqlalchemy import create_engine, inspect

    engine = create_engine(store)
    try:
        exist = inspect(engine).has_table("alembic_version")
    finally:
        engine.dispose()
    if not exist:
        print("There are no tables yet; the server will make them.")
        return 0
    return subprocess.run(
        ["mlflow", "db", "upgrade", store], timeout=MIGRATION_SECONDS, check=False
    ).returncode


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run `serve` or `migrate`; return the exit status."""
    found = problems(environment)
    if found:
        print("\n".join([*found, "env.build says what each is for."]), file=sys.stderr)
        return 2
    store = environment["MLFLOW_BACKEND_STORE_URI"]
    if arguments == ["migrate"]:
        return migrate(store)
    if arguments == ["serve"]:
        serve(store, environment)
    print("serve or migrate?", file=sys.stderr)
    return 2


def serve(store: str, environment: Mapping[str, str]) -> NoReturn:
    """Let the server take the place of this process."""
    handle, name = tempfile.mkstemp(prefix="login-", suffix=".ini")  # readable by its owner only
    os.close(handle)
    Path(name).write_text(login_settings(store), encoding="utf-8")
    line = command(environment)
    os.execvpe(line[0], line, {**environment, "MLFLOW_AUTH_CONFIG_PATH": name})  # noqa: S606 - no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
