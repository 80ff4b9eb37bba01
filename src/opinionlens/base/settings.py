"""Settings from the environment, read once by an entry point.

It hands the values down. Names are those of the groups below: `api.max_text_chars` is `API__MAX_TEXT_CHARS`.
A name of a group that is not listed here is refused: a misspelt setting that silently does nothing is worse
than a start that fails.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import get_args

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.files import with_home
from opinionlens.base.job_settings import DRIFT_DATABASE_VARIABLES, DriftSettings, WorkerSettings
from opinionlens.base.secret_files import take_secrets
from opinionlens.base.setting_groups import (
    ApiSettings,
    DatabaseSettings,
    Environment,
    LogLevel,
    MlflowSettings,
    PrivacySettings,
    SecuritySettings,
    SettingGroup,
    SiteSettings,
)
from opinionlens.base.urls import with_absolute_path

DELIMITER = "__"
BASE_ENV_FILE = ".env"


class Settings(BaseSettings):
    """All settings from the environment."""

    model_config = SettingsConfigDict(
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,
        extra="ignore",  # .env files also hold variables of compose and MLflow itself
        frozen=True,
    )

    env: Environment = Field(default=Environment.LOCAL, description="`local`, `stage` or `prod`.")
    mlflow: MlflowSettings = Field(default_factory=MlflowSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    site: SiteSettings = Field(default_factory=SiteSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    drift: DriftSettings = Field(default_factory=DriftSettings)

    @property
    def follows_champion(self) -> bool:
        """Whether a newly promoted champion is served without a restart."""
        if self.api.model_path is not None:
            return False
        chosen = self.api.follow_champion
        return self.env is Environment.LOCAL if chosen is None else chosen


# MLflow's own variables stand in for ours: where runs are recorded, and so where the registry is, too, unless
# it has an address of its own; and the login.
_ADDRESS = {"local_tracking_uri": "MLFLOW_TRACKING_URI"}
_LOGIN = {"remote_username": "MLFLOW_TRACKING_USERNAME", "remote_password": "MLFLOW_TRACKING_PASSWORD"}

_GROUPS: dict[str, type[SettingGroup]] = {
    "mlflow": MlflowSettings,
    "api": ApiSettings,
    "database": DatabaseSettings,
    "security": SecuritySettings,
    "site": SiteSettings,
    "privacy": PrivacySettings,
    "worker": WorkerSettings,
    "drift": DriftSettings,
}


def names_of_mlflow() -> tuple[str, ...]:
    """Return MLflow's own variables that count, too."""
    return (*_ADDRESS.values(), *_LOGIN.values())


def setting_names() -> tuple[str, ...]:
    """Return all names of settings, as in the environment."""
    groups = (f"{group}{DELIMITER}{name}" for group, model in _GROUPS.items() for name in model.model_fields)
    return ("ENV", *(name.upper() for name in groups))


def load_settings(root: Path | None = None) -> Settings:
    """Read the settings from the environment and `.env` files.

    The files are `.env` and, for `stage` and `prod`, `.env.stage` or `.env.prod`. The environment wins over
    the second file, and that over the first. Relative paths mean below `root`, which is the current folder
    unless given. Only entry points call this. What a variable's `…_FILE` names is put into the environment
    first, where MLflow's own client finds it, too.

    Raises:
        SettingsInvalid: an unknown name, a value that cannot be, or a secret file that cannot be read; no
            value is shown.
    """
    take_secrets(os.environ)
    root = (root or Path.cwd()).resolve()
    files = _files_of(root)
    try:
        settings = Settings(_env_file=files)  # type: ignore[call-arg]  # BaseSettings takes it; the stub hides it
    except ValidationError as error:
        raise _error_for(error.errors(include_input=False, include_url=False)[0], files) from None
    mlflow = _with_stand_ins(settings.mlflow, files)
    drift = _with_drift_database(settings.drift, files)
    return _with_absolute_paths(settings.model_copy(update={"mlflow": mlflow, "drift": drift}), root)


def place_of(name: str, root: Path | None = None) -> str:
    """Return the place of a setting for a message.

    It is a file or the environment.
    """
    return _place_of(name, _files_of((root or Path.cwd()).resolve()))


def _files_of(root: Path) -> list[Path]:
    """Return the settings files, in order of increasing precedence."""
    base = root / BASE_ENV_FILE
    chosen = os.environ.get("ENV") or dotenv_values(base).get("ENV") or Environment.LOCAL
    return [base] if chosen == Environment.LOCAL else [base, root / f"{BASE_ENV_FILE}.{chosen}"]


def _with_stand_ins(mlflow: MlflowSettings, files: list[Path]) -> MlflowSettings:
    """Take MLflow's own variables where ours are unset."""
    given = {field: getattr(mlflow, field) for field in mlflow.model_fields_set}
    names = {} if "local_tracking_uri" in given else dict(_ADDRESS)
    if not given.keys() & _LOGIN.keys():  # as a pair: a password belongs to its user
        names |= _LOGIN
    values = {field: value for field, name in names.items() if (value := _value_of(name, files))}
    names = {field: names[field] for field in values}
    login = {name: value for name in _LOGIN.values() if (value := _value_of(name, files))}
    try:
        return MlflowSettings.from_mlflow(given | values, names=names, login=login)
    except ValidationError as error:
        (problem, *_) = error.errors(include_input=False, include_url=False)
        field = str(problem["loc"][0])
        raise SettingsInvalid(
            f"{names[field]}: {problem['msg']}.",
            where=_place_of(names[field], files),
            remedy=f"{DELIMITER.join(('MLFLOW', field.upper()))} goes before it.",
        ) from None


def _with_drift_database(drift: DriftSettings, files: list[Path]) -> DriftSettings:
    """Take the older variables where ours is unset.

    They are looked at where they are used: a connection of another kind stops nothing else.
    """
    if drift.db_uri is None:
        for name in DRIFT_DATABASE_VARIABLES:
            if value := _value_of(name, files):
                return drift.with_database(value, name)
    return drift


def _value_of(name: str, files: list[Path]) -> str | None:
    """Return the value of a variable, by precedence."""
    values = (dotenv_values(path).get(name) for path in reversed(files))
    return os.environ.get(name) or next(filter(None, values), None)


def _with_absolute_paths(settings: Settings, root: Path) -> Settings:
    """Make every relative path absolute below `root`."""
    names = ("saved_model_path", "static_path", "templates_path", "error_log_path", "model_path")
    given = {name: path for name in names if (path := getattr(settings.api, name)) is not None}
    paths = {name: root / with_home(str(path)) for name, path in given.items()}
    api = settings.api.model_copy(update=paths)
    url = with_absolute_path(settings.database.url.get_secret_value(), root)
    return settings.model_copy(update={"api": api, "database": DatabaseSettings(url=SecretStr(url))})


def _error_for(problem: ErrorDetails, files: list[Path]) -> SettingsInvalid:
    parts = [str(part) for part in problem["loc"]]
    name = DELIMITER.join(parts[:2]).upper()
    if problem["type"] != "extra_forbidden":
        choice = f" One of: {', '.join(get_args(LogLevel))}." if name == "API__LOGGING_LEVEL" else ""
        return SettingsInvalid(f"{name}: {problem['msg']}.{choice}", where=_place_of(name, files))
    allowed = [known for known in setting_names() if known.startswith(f"{parts[0].upper()}{DELIMITER}")]
    nearest = difflib.get_close_matches(name, allowed, n=1)
    hint = f"Did you mean {nearest[0]}? " if nearest else ""
    return SettingsInvalid(
        f"{name} is not a setting.",
        where=_place_of(name, files),
        remedy=f"{hint}Known are {', '.join(allowed)}.",
    )


def _place_of(name: str, files: list[Path]) -> str:
    """Return the place of a setting, by precedence."""
    if any(known.upper() == name for known in os.environ):
        return "the environment"
    for path in reversed(files):
        if any(known.upper() == name for known in dotenv_values(path)):
            return str(path)
    return "the environment"
