"""The secrets of a site as files, one each, for Compose's `secrets:` (docker/secrets.yaml).

What is true stands in .env, .env.prod and .env.build; the files are made of it anew before each start.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from scripts.stack.compose_calls import StackError
from scripts.stack.env_files import AIRFLOW_SECRETS, APP_PASSWORD, BUILD_SECRETS, EnvFiles, written_aside

FOLDER = ".secrets"
# A variable that every container with a secret gets, and that changes with any of them.
CHANGED = "changed.env"
# As .env.build has them; these may be empty, and are then as good as unset.
OPTIONAL = (
    *AIRFLOW_SECRETS,
    "MLFLOW_S3_SECRET_ACCESS_KEY",
    "ALERT_WEBHOOK_URL",
    "ALERT_SLACK_URL",
    "ALERT_SMTP_PASSWORD",
    "AIRFLOW_TRAINING_TOKEN",
    "AIRFLOW_WEBHOOK_URL",
)
# As .env.prod has them, else .env.
APP = (APP_PASSWORD, "SECURITY__ADMIN_KEY", "DRIFT__DB_URI", "DRIFT_DB_URI")
_DATABASE = "opinionlens:{}@postgres/opinionlens"


def secrets_of(files: EnvFiles, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the content of each file, by its name."""
    build = {name: files.setting(name, "", environment) for name in (*BUILD_SECRETS, *OPTIONAL)}
    first, second = files.values[".env.prod"], files.values[".env"]
    app = {name: first.get(name) or second.get(name, "") for name in APP}
    database = _DATABASE.format(build["OPINIONLENS_DB_PASSWORD"])
    connection = files.setting("AIRFLOW_CONN_DRIFT_DB", f"postgresql://{database}", environment)
    return {
        **build,
        **app,
        "DATABASE__URL": f"postgresql+psycopg://{database}",
        "AIRFLOW_CONN_DRIFT_DB": connection,
    }


def renew(root: Path, content: Mapping[str, str]) -> bool:
    """Write what has changed; return whether anything has.

    Only the folder's owner gets at the files. A container sees none but its own, and any user in it may read
    those.

    Raises:
        StackError: A file cannot be written.
    """
    folder = root / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        present = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}
        news = {name: text for name, text in content.items() if present.get(name) != text}
        for name, text in news.items():
            _replace(folder / name, text)
        if news or CHANGED not in present:
            _replace(folder / CHANGED, f"SECRETS_CHANGED={secrets.token_hex(8)}\n")
    except OSError as error:
        raise StackError(
            f"{error.filename or folder}: {error.strerror}. It belongs to who made it: `ls -ld {folder}`."
        ) from None
    return bool(news)


def _replace(path: Path, text: str) -> None:
    """Write a file aside and put it in its place."""
    with written_aside(path, text) as aside:
        aside.chmod(0o444)
        aside.replace(path)
