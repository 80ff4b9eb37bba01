"""Setting groups of the worker and of drift checks."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, PrivateAttr, SecretStr, field_validator

from opinionlens.base.setting_groups import SettingGroup, split_list

_NUMBER_OR_ALIAS = re.compile(r"[1-9][0-9]{0,8}|[A-Za-z][A-Za-z0-9_-]{0,249}", re.ASCII)
DRIFT_SOURCES = ("log", "xcom", "mlflow", "table", "disk")
# The older system's variable, then that of Airflow's connection `drift_db`.
DRIFT_DATABASE_VARIABLES = ("DRIFT_DB_URI", "AIRFLOW_CONN_DRIFT_DB")


class WorkerSettings(SettingGroup):
    """`WORKER__…`: jobs that `opinionlens worker` runs on a schedule."""

    host: str = Field(default="127.0.0.1", description="Address of the worker's `/metrics` and `/health`.")
    port: int = Field(default=8001, ge=0, le=65535, description="Port of the two; 0 for none.")
    drift_check_minutes: float = Field(
        default=60, ge=5, le=7 * 24 * 60, description="How often served texts are checked for drift."
    )
    drift_window_hours: int = Field(
        default=24, ge=1, le=90 * 24, description="Age of the oldest texts that a check looks at."
    )
    retrain_hours: float = Field(
        default=0,
        ge=0,
        le=365 * 24,
        description="How often a version that learnt from new labels is proposed; 0 for never. "
        "It needs the project's folder.",
    )
    shadow_share: float = Field(
        default=0,
        ge=0,
        le=1,
        description="Share of served texts that a challenger answers, too, unseen; 0 for none. "
        "It needs `PRIVACY__KEEP_TEXTS`.",
    )
    shadow_version: str = Field(
        default="challenger",
        description="The challenger: a number or an alias. Without a version of the alias `challenger` it is "
        "the newest that is newer than the champion.",
    )
    shadow_minutes: float = Field(
        default=10, ge=1, le=24 * 60, description="How often the challenger answers what has come."
    )

    @field_validator("shadow_version")
    @classmethod
    def _is_number_or_alias(cls, value: str) -> str:
        if not _NUMBER_OR_ALIAS.fullmatch(value):
            raise ValueError("must be a number or an alias, such as 7 or challenger")
        return value


class DriftSettings(SettingGroup):
    """`DRIFT__…`: windows that other programs measured."""

    sources: str = Field(
        default="log,xcom,mlflow,table,disk",
        description="Where `drift check` looks for recent texts or windows, in this order.",
    )
    max_age_hours: float = Field(
        default=48, gt=0, description="Hours after which a window of another program is too old."
    )
    db_uri: SecretStr | None = Field(
        default=None,
        description="Database with the table `drift_data`; a secret; the app's own when empty.",
    )

    _db_setting: str = PrivateAttr(default="DRIFT__DB_URI")

    @field_validator("sources")
    @classmethod
    def _are_sources(cls, value: str) -> str:
        names = split_list(value)
        if not names or len(set(names)) < len(names) or not set(names) <= set(DRIFT_SOURCES):
            raise ValueError(f"must name some of {', '.join(DRIFT_SOURCES)}, each once, with commas between")
        return value

    @property
    def order(self) -> tuple[str, ...]:
        """The names of `sources`."""
        return split_list(self.sources)

    @property
    def db_setting(self) -> str:
        """The name of the variable that gave the database."""
        return self._db_setting

    def with_database(self, uri: str, setting: str) -> Self:
        """Return the group with the database of another variable."""
        group = self.model_copy(update={"db_uri": SecretStr(uri)})
        group._db_setting = setting
        return group
