"""Asking the sources of a drift check in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import get_args

from opinionlens.base.airflow_connections import database_url
from opinionlens.base.errors import InputError
from opinionlens.base.settings import Settings, load_settings
from opinionlens.base.urls import with_absolute_path
from opinionlens.cli.app_database import open_database
from opinionlens.cli.checked_model import load_checked_model
from opinionlens.drift.report_body import WindowSource
from opinionlens.jobs.drift_sources.disk_files import DiskSource
from opinionlens.jobs.drift_sources.drift_source import (
    SOURCE_NAMES,
    DriftSource,
    SourceAttempt,
    SourceName,
    nothing_there,
)
from opinionlens.jobs.drift_sources.first_usable import SourceTrial, first_usable, fresh_window
from opinionlens.jobs.drift_sources.handed_in import HandedInSource
from opinionlens.jobs.drift_sources.mlflow_runs import MlflowRunsSource
from opinionlens.jobs.drift_sources.shared_table import SharedTableSource
from opinionlens.jobs.drift_windows import LogSpan
from opinionlens.jobs.finished_check import FinishedCheck
from opinionlens.jobs.log_check import check_log
from opinionlens.jobs.summary_check import check_summary
from opinionlens.pipeline.tracked import tracking_of
from opinionlens.storage import Database

_LOG_AGE = timedelta(hours=24)


@dataclass(frozen=True)
class AskedSources:
    """The outcome of asking the sources.

    Attributes:
        finished: the check; None where no source has a window.
        attempts: the sources that were asked, in order.
        reasons: sentences on those that were passed over.
        is_broken: whether one of them was broken, rather than empty or late.
    """

    finished: FinishedCheck | None
    attempts: tuple[SourceAttempt, ...]
    reasons: list[str]
    is_broken: bool


def ask_sources(
    named: list[str] | None, xcom: str | None, *, age: timedelta | None, model: str | None
) -> AskedSources:
    """Ask sources in order; check the first fitting window.

    A prediction log with too few rows is passed over; it is reported where no other source has a window.

    Args:
        named: the sources, in order; those of the settings where none is named.
        xcom: for the source of that name: a path, or `-`.
        age: of the oldest predictions and windows; by default 24 hours and that of the settings.
        model: as `--model` names it; None for the champion.

    Raises:
        InputError: a name is no source.
        SettingsInvalid: a setting is unknown or impossible.
    """
    settings = load_settings()
    now = datetime.now(UTC)
    load = cache(lambda: load_checked_model(model))
    small: list[FinishedCheck] = []
    max_age = age or timedelta(hours=settings.drift.max_age_hours)

    def check_predictions() -> FinishedCheck:
        with open_database() as database:
            finished = check_log(database, load(), LogSpan(now, age=age or _LOG_AGE))
        if not finished.found.is_enough:
            small.append(finished)
            raise nothing_there(f"It has {finished.found.texts:,} predictions, too few to compare.")
        return finished

    def check_of(source: DriftSource, name: WindowSource) -> Callable[[], FinishedCheck]:
        def check() -> FinishedCheck:
            return check_summary(name, fresh_window(source, now=now, max_age=max_age), load)

        return check

    def candidate(name: SourceName) -> SourceTrial[FinishedCheck]:
        work = check_predictions if name == "log" else check_of(_source(name, settings, xcom), name)
        return SourceTrial(name, work, lambda finished: finished.place)

    choice = first_usable([candidate(name) for name in _order(named, settings)])
    finished = choice.taken or next(iter(small), None)
    return AskedSources(finished, choice.attempts, choice.reasons(), choice.is_broken)


def drift_database(settings: Settings) -> tuple[Callable[[], Database], str]:
    """Return the opener of `drift_data`'s database, and its setting.

    It is the app's own where no other is named. The opener raises SettingsInvalid for an impossible address.
    """
    named = settings.drift.db_uri
    if named is None:
        url = settings.database.url.get_secret_value()
        return lambda: Database(url, pool_size=1), "DATABASE__URL"
    setting = settings.drift.db_setting

    def opened() -> Database:
        url = with_absolute_path(database_url(named.get_secret_value(), setting))
        return Database(url, pool_size=1, is_foreign=True, setting=setting)

    return opened, setting


def _order(named: list[str] | None, settings: Settings) -> list[SourceName]:
    wanted = [each.strip().lower() for name in named or () for each in name.split(",")]
    order = wanted or settings.drift.order
    known: dict[str, SourceName] = dict(zip(SOURCE_NAMES, get_args(SourceName), strict=True))
    if unknown := [name for name in order if name not in known]:
        raise InputError(f"{unknown[0]!r} is no source.", remedy=f"Known: {', '.join(SOURCE_NAMES)}.")
    return list(dict.fromkeys(known[name] for name in order))


def _source(name: SourceName, settings: Settings, xcom: str | None) -> DriftSource:
    match name:
        case "xcom":
            return HandedInSource(xcom)
        case "mlflow":
            return MlflowRunsSource(tracking_of(settings.mlflow))
        case "table":
            opened, setting = drift_database(settings)
            return SharedTableSource(opened, setting=setting)
        case "disk":
            return DiskSource()
        case "log":
            raise ValueError("The prediction log is no window of another program.")
