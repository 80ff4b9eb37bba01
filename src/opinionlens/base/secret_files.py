"""Secrets from files that variables name: `DATABASE__URL_FILE=/run/secrets/…` gives `DATABASE__URL`.

Docker's secrets are such files, and PostgreSQL and others read them in the same way. Reading the settings
begins with this, and so does every command, as some read variables that are no settings.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from opinionlens.base.errors import SettingsInvalid

# What a file may give: all that may hold a password, under our names and those of others.
NAMES = (
    "DATABASE__URL",
    "DRIFT__DB_URI",
    "DRIFT_DB_URI",
    "AIRFLOW_CONN_DRIFT_DB",
    "HF_TOKEN",
    "MLFLOW__REMOTE_PASSWORD",
    "MLFLOW_TRACKING_PASSWORD",
    "SECURITY__ADMIN_KEY",
    "SECURITY__ADMIN_PASSWORD",
)
_ENDING = "_FILE"
_MOST_BYTES = 16_384


def take_secrets(environment: MutableMapping[str, str]) -> None:
    """Put the content of such files into the environment.

    A variable that has a value keeps it; one that is empty, or whose file is, is as good as unset.

    Raises:
        SettingsInvalid: a file cannot be read, or holds no text; its content is not shown.
    """
    for name in NAMES:
        path = environment.pop(name + _ENDING, "")
        if path and not environment.get(name):
            environment[name] = _content(name + _ENDING, Path(path))


def _content(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        text = raw.decode("utf-8").strip()
    except OSError as error:
        raise SettingsInvalid(
            f"{name}: {path} cannot be read: {error.strerror}.",
            where="the environment",
            remedy="The user of this process needs the right to read it.",
        ) from None
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{name}: {path} is no text in UTF-8.", where="the environment") from None
    if len(raw) > _MOST_BYTES or "\n" in text or "\0" in text:
        raise SettingsInvalid(f"{name}: {path} is not one line.", where="the environment")
    return text
