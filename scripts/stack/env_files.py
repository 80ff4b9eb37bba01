"""The stack's three files of settings, with secrets made up.

They are made from their templates where they are missing, and never changed afterwards.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# The file, and the template it is made from.
TEMPLATES = {".env": "env", ".env.stage": "env.stage", ".env.build": "env.build"}
SITE_TEMPLATES = {".env": "env", ".env.prod": "env.prod", ".env.build": "env.build"}
APP_PASSWORD = "SECURITY__ADMIN_PASSWORD"  # noqa: S105 - a name
REGISTRY_PASSWORD = "MLFLOW__REMOTE_PASSWORD"  # noqa: S105 - a name
SERVER_PASSWORD = "MLFLOW_AUTH_ADMIN_PASSWORD"  # noqa: S105 - a name
# Without these nothing starts.
BUILD_SECRETS = (
    "POSTGRES_PASSWORD",
    "OPINIONLENS_DB_PASSWORD",
    "MLFLOW_DB_PASSWORD",
    "DATA_SOURCE_PASS",
    SERVER_PASSWORD,
    "MLFLOW_APP_PASSWORD",
    "MLFLOW_FLASK_SERVER_SECRET_KEY",
    "GF_SECURITY_ADMIN_PASSWORD",
    "OPERATIONS_PASSWORD",
)
# Without these the profile `airflow` does not start; all else does.
AIRFLOW_SECRETS = ("AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_SECRET_KEY")
# What is filled in, by file. `.env` is for commands without containers, too, and keeps its empty ones.
FILLED = {
    ".env": (),
    ".env.stage": (APP_PASSWORD, REGISTRY_PASSWORD),
    ".env.prod": (APP_PASSWORD,),
    ".env.build": (*BUILD_SECRETS, *AIRFLOW_SECRETS),
}
# 24 bytes are 32 characters, of which none needs quoting in an address or a shell.
SECRET_BYTES = 24

MakeSecret = Callable[[], str]


def new_secret() -> str:
    """Return a random secret that may begin or end with letters and digits only."""
    made = secrets.token_urlsafe(SECRET_BYTES)
    return made if made[0].isalnum() and made[-1].isalnum() else new_secret()


def values_of(text: str) -> dict[str, str]:
    """Return the values of a file of settings, without quotation marks and comments."""
    found = {}
    for name, value in re.findall(r"^(?:export )?([A-Za-z_]\w*)=(.*)$", text, flags=re.MULTILINE):
        value = value.strip()
        quoted = re.fullmatch(r"(['\"])(.*)\1(?:\s+#.*)?", value)
        found[name] = quoted[2] if quoted else re.sub(r"(^|\s+)#.*", "", value)
    return found


def filled(template: str, made: Mapping[str, str]) -> str:
    """Return a template with values in place of the empty ones."""

    def line(match: re.Match[str]) -> str:
        name = match[1]
        return f"{name}={made[name]}" if name in made else match[0]

    return re.sub(r"^([A-Z_]+)=$", line, template, flags=re.MULTILINE)


def secrets_for(present: Mapping[str, Mapping[str, str]], make: MakeSecret = new_secret) -> dict[str, str]:
    """Return a value for each secret; the registry's password is the one that a present file has.

    Args:
        present: The values of the files that exist already, by name of the file.
        make: Makes one secret.
    """
    made = {name: make() for name in (APP_PASSWORD, *BUILD_SECRETS, *AIRFLOW_SECRETS)}
    known = (
        present.get(".env.build", {}).get(SERVER_PASSWORD)
        or present.get(".env.stage", {}).get(REGISTRY_PASSWORD)
        or made[SERVER_PASSWORD]
    )
    return made | {SERVER_PASSWORD: known, REGISTRY_PASSWORD: known}


def empty_secrets(values: Mapping[str, str], *, airflow: bool = False) -> list[str]:
    """Return the names that .env.build must give a value and does not."""
    wanted = (*BUILD_SECRETS, *AIRFLOW_SECRETS) if airflow else BUILD_SECRETS
    return [name for name in wanted if not values.get(name)]


@dataclass(frozen=True)
class EnvFiles:
    """What was found and what was made."""

    made: tuple[Path, ...]
    values: Mapping[str, Mapping[str, str]]

    def setting(self, name: str, default: str, environment: Mapping[str, str]) -> str:
        """Return a setting as Compose reads it: environment, .env, .env.build."""
        places = (environment, self.values[".env"], self.values[".env.build"])
        return next((place[name] for place in places if place.get(name)), default)


def ensure(
    root: Path, make: MakeSecret = new_secret, *, templates: Mapping[str, str] = TEMPLATES
) -> EnvFiles:
    """Make the files that are missing; return what all of them say."""
    texts = {name: _read(root / name) for name in templates}
    present = {name: values_of(text) for name, text in texts.items() if text is not None}
    made = secrets_for(present, make)
    new = []
    for name, template in templates.items():
        if name not in present:
            wanted = {secret: made[secret] for secret in FILLED[name]}
            text = filled((root / template).read_text(encoding="utf-8"), wanted)
            write_new(root / name, text)
            present[name] = values_of(text)
            new.append(root / name)
    return EnvFiles(tuple(new), present)


def write_new(path: Path, text: str) -> None:
    """Write a file that its owner alone can read; whole, or not at all, and never over another.

    Raises:
        FileExistsError: The file has come into being meanwhile.
    """
    with written_aside(path, text) as aside:
        os.link(aside, path)


@contextmanager
def written_aside(path: Path, text: str) -> Iterator[Path]:
    """Yield a file with `text` beside `path`, for its owner alone; it is gone afterwards."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(
            os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
