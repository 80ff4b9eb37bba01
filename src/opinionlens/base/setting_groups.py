"""Groups of settings, each with the prefix of its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)

from opinionlens.base.urls import web_origin
from opinionlens.base.web_files import web_folder

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
_Level = Annotated[
    LogLevel, BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
]

_PORT = re.compile(r":[0-9]+$")
_HOST = re.compile(r"((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(:[0-9]+)?")
_ORIGIN = re.compile(r"https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")


def split_list(value: str) -> tuple[str, ...]:
    """Split at commas, in lower case."""
    return tuple(item for part in value.split(",") if (item := part.strip().lower()))


class Environment(StrEnum):
    """The environment of this process, which picks the settings file."""

    LOCAL = "local"
    STAGE = "stage"
    PROD = "prod"


class Fallback(StrEnum):
    """The classifier that predicts while no model is active."""

    LEXICON = "lexicon"
    NONE = "none"


class LogFormat(StrEnum):
    """The format of log lines."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class SettingGroup(BaseModel):
    """A frozen group that refuses unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class MlflowSettings(SettingGroup):
    """`MLFLOW__…`: places of recorded runs and registered versions."""

    local_experiment_name: str = Field(
        default="imdb_amazon_airtweets_data",
        description="Experiment that training and tuning write their runs to.",
    )
    local_tracking_uri: str = Field(
        default="sqlite:///mlruns.db",
        description="Where runs are recorded: an http(s) address or a database URL.",
    )
    remote_tracking_uri: str | None = Field(
        default=None,
        description="Registry that models are promoted to and served from; the local one when empty.",
    )
    remote_experiment_name: str = Field(
        default="OpinionLens",
        description="Experiment of the registered runs; also the tag `experiment` of their versions.",
    )
    remote_username: str | None = Field(
        default=None, description="User name for the registry, where it asks for one."
    )
    remote_password: SecretStr | None = Field(
        default=None, description="Password for the registry; asked for when missing."
    )

    @field_validator("local_tracking_uri", "remote_tracking_uri")
    @classmethod
    def _is_served_by_mlflow(cls, value: str | None) -> str | None:
        """Reject addresses that MLflow 3 no longer takes.

        A folder of files is one; it would fail only when a run is half done.
        """
        if value is None:
            return None
        if not value.startswith(("http://", "https://", "sqlite:///", "postgresql")):
            raise ValueError("must start with http://, https://, sqlite:/// or postgresql")
        if value.startswith("http") and web_origin(value) is None:
            raise ValueError("must be an address such as https://mlflow.example.com:5000")
        return value.rstrip("/")

    _stand_ins: dict[str, str] = PrivateAttr(default_factory=dict)
    _tracking_login: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def from_mlflow(
        cls, values: Mapping[str, Any], *, names: Mapping[str, str], login: Mapping[str, str]
    ) -> Self:
        """Return the group with some values of MLflow's own variables.

        Args:
            values: all values that are given, by field.
            names: the variables that some of them come from, by field.
            login: MLflow's variables of the login, which may stand in a file that MLflow does not read.
        """
        group = cls(**values)
        group._stand_ins.update(names)
        group._tracking_login.update(login)
        return group

    def name_of(self, field: str) -> str:
        """Return the name of the variable that gave a value."""
        return self._stand_ins.get(field, f"MLFLOW__{field.upper()}")

    @property
    def registry_setting(self) -> str:
        """The name of the variable with the registry's address."""
        return self.name_of("remote_tracking_uri" if self.remote_tracking_uri else "local_tracking_uri")

    @property
    def tracking_login(self) -> Mapping[str, str]:
        """MLflow's variables for the login of the tracking store.

        Our own login is for the registry alone.
        """
        return self._tracking_login

    @property
    def registry_uri(self) -> str:
        """The address of the registry of versions."""
        return self.remote_tracking_uri or self.local_tracking_uri


class ApiSettings(SettingGroup):
    """`API__…`: serving."""

    host: str = Field(default="127.0.0.1", description="Address that `opinionlens serve` listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that `opinionlens serve` listens on.")
    saved_model_path: Path = Field(
        default=Path("models"), description="Cache of fetched models; lets the app start alone."
    )
    static_path: Path = Field(
        default_factory=lambda: web_folder("static"),
        description="Folder of style sheets, scripts and images; by default the installed one.",
    )
    templates_path: Path = Field(
        default_factory=lambda: web_folder("templates"),
        description="Folder of page templates; by default the installed one.",
    )
    logging_level: _Level = Field(default="INFO", description="Least severe level that is logged.")
    logging_format: LogFormat = Field(
        default=LogFormat.AUTO,
        description="`json`, `console`, or `auto`: console on a terminal, JSON otherwise.",
    )
    model_name: str = Field(
        default="opinionlens", min_length=1, description="Registered model whose champion is served."
    )
    model_path: Path | None = Field(
        default=None,
        description="Folder with the one model that is served; neither registry nor deployments count.",
    )
    follow_champion: bool | None = Field(
        default=None,
        description="Whether a newly promoted champion is served without a restart; by default in `local`.",
    )
    follow_seconds: float = Field(
        default=10.0,
        ge=1,
        description="How often the registry is asked for the champion, also until it first answers.",
    )
    fallback: Fallback = Field(
        default=Fallback.LEXICON,
        description="Classifier that answers while no model is active: `lexicon`, or `none` (503).",
    )
    ready_on_fallback: bool = Field(
        default=False, description="Whether `/ready` says yes while only the fallback answers."
    )
    # A tweet has 280 characters, a long review 5,000; beyond this a text is a document.
    max_text_chars: int = Field(
        default=10_000, ge=1, le=1_000_000, description="Longest text, in characters."
    )
    max_batch_items: int = Field(default=1_000, ge=1, le=100_000, description="Most texts in one batch.")
    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="Largest request body, in bytes.")
    batch_threads: int = Field(
        default=2, ge=1, le=64, description="Threads that predict batches, apart from the event loop."
    )
    batch_queue: int = Field(
        default=16, ge=1, description="Batches that may wait for a thread; one more is answered 503."
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes that answer, under one address (`opinionlens serve`)."
    )
    max_connections: int = Field(
        default=1_000,
        ge=10,
        le=100_000,
        description="Most open connections of one worker; fewer where it may not open so many files.",
    )
    # A browser opens 6, an office behind one address some dozens; a program needs one for each open request.
    max_connections_per_address: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="Most of them from one address; those of `SECURITY__TRUSTED_PROXIES` are exempt.",
    )
    drain_seconds: float = Field(
        default=0,
        ge=0,
        le=60,
        description="Seconds in which it still answers after SIGTERM, and `/health` says 503 to a balancer.",
    )
    error_log_path: Path = Field(
        default=Path("logs/app.log"),
        description="File of the requests that ended in an error, 404 apart; `/dev/null` keeps none.",
    )


class DatabaseSettings(SettingGroup):
    """`DATABASE__…`: the database of the app's own records."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///opinionlens.db"),
        description="SQLAlchemy URL; a secret, as it may hold a password.",
    )


class SecuritySettings(SettingGroup):
    """`SECURITY__…`: users, keys, hosts and limits of requests.

    `stage` and `prod` refuse weak secrets.
    """

    admin_username: str = Field(
        default="admin",
        description="Name of the first user, who is made at the first start.",
    )
    admin_password: SecretStr | None = Field(
        default=None,
        description="Password of the first user; made up and printed once when empty.",
    )
    admin_key: SecretStr | None = Field(
        default=None,
        description="A key with every right, for machines (`Authorization: Bearer …`); none when empty.",
    )
    predict_needs_key: bool = Field(
        default=False,
        description="Whether only keys with the scope `predict` and users who are logged in get answers.",
    )
    session_hours: float = Field(
        default=12,
        gt=0,
        le=24 * 7,
        description="Hours without use after which a login ends; it ends after a week in any case.",
    )
    trusted_hosts: str = Field(
        default="localhost,127.0.0.1,[::1],*.localhost",
        description="Names the app answers to, with commas; `*.name`: all below; `*`: any (not in `prod`).",
    )
    allowed_origins: str = Field(
        default="",
        description="Origins whose pages may call the API (CORS), with commas; none when empty.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Proxies whose `X-Forwarded-*` headers count, with commas; `*`: any (not in `prod`).",
    )
    feedback_per_minute: int = Field(
        default=30, ge=1, description="Most feedback from one address in a minute; beyond: 429."
    )

    @field_validator("admin_username")
    @classmethod
    def _is_one_word(cls, value: str) -> str:
        if value.split() != [value]:
            raise ValueError("must be a name without blanks")
        return value

    @field_validator("trusted_hosts")
    @classmethod
    def _are_hosts(cls, value: str) -> str:
        for item in split_list(value):
            if item != "*" and not _HOST.fullmatch(item):
                raise ValueError("must be names such as example.com or *.example.com, with commas between")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for item in split_list(value):
            if item != "*" and not _ORIGIN.fullmatch(item):
                raise ValueError("must be origins such as https://example.com, with commas between, no path")
        return value

    @property
    def host_patterns(self) -> tuple[str, ...]:
        """The names of `trusted_hosts` in lower case, without ports."""
        return tuple(_PORT.sub("", item) for item in split_list(self.trusted_hosts))

    @property
    def trusts_any_proxy(self) -> bool:
        """Whether any client may set its own address by headers."""
        return any(item == "*" or item.endswith("/0") for item in split_list(self.trusted_proxies))

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of `allowed_origins`."""
        return split_list(self.allowed_origins)


class SiteSettings(SettingGroup):
    """`SITE__…`: addresses of programs that share the login."""

    url: str = Field(
        default="",
        description="The app's own address, such as `https://example.com`; needed where one below is set.",
    )
    mlflow_url: str = Field(default="", description="MLflow's address, where it takes the app's login.")
    grafana_url: str = Field(default="", description="Grafana's address, likewise.")
    prometheus_url: str = Field(default="", description="Prometheus' address, likewise.")
    alertmanager_url: str = Field(default="", description="Alertmanager's address, likewise.")
    traefik_url: str = Field(default="", description="The address of Traefik's pages, likewise.")

    @field_validator("*")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        if value and not _ORIGIN.fullmatch(value):
            raise ValueError("must be an address such as https://example.com, in lower case, without a path")
        return value

    @model_validator(mode="after")
    def _has_own_url(self) -> Self:
        given = [value for name, value in self if value and name != "url"]
        if given and not self.url:
            raise ValueError("SITE__URL must be set where the address of another program is")
        if len({self.url, *given}) <= len(given) and given:
            raise ValueError("each program must have an address of its own")
        return self


class PrivacySettings(SettingGroup):
    """`PRIVACY__…`: stored texts and predictions, and their lifetimes."""

    keep_texts: bool = Field(
        default=False,
        description="Whether predicted texts are stored, without e-mail addresses, phone numbers, "
        "user names.",
    )
    texts_days: int = Field(default=30, ge=1, description="Days until stored texts are deleted.")
    predictions_days: int = Field(
        default=365, ge=1, description="Days until the rows of the prediction log are deleted."
    )
    predictions_rows: int = Field(
        default=2_000_000,
        ge=1_000,
        description="Most rows of the prediction log, 300 bytes each without text; the oldest go first.",
    )
