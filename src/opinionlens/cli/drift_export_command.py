"""`opinionlens drift export`: the app's window for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from opinionlens.base.errors import InputError
from opinionlens.cli.ages import age_of
from opinionlens.cli.telling import tell

if TYPE_CHECKING:
    from opinionlens.jobs.drift_export import ExportedWindow
    from opinionlens.jobs.drift_windows import GatheredWindow

_DEFAULT_AGE = "24h"


class ExportTarget(StrEnum):
    """The form of an export."""

    DISK = "disk"
    MLFLOW = "mlflow"
    TABLE = "table"


def export(
    to: Annotated[
        ExportTarget,
        typer.Option(help="disk: drift/recent.npz and .json; mlflow: a run with both; table: drift_data."),
    ],
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Predictions of the last 30m, 24h or 7d. Default: 24h.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="The last so many predictions.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="NAME@VERSION, NAME@ALIAS or a folder with an artifact. Default: the champion."),
    ] = None,
) -> None:
    """Write the served window's averages where drift checks find them."""
    from opinionlens.jobs.drift_export import exported

    if since is not None and last is not None:
        raise InputError("--since and --last exclude one another.", remedy="Give one of them.")
    gathered = _gathered(since, last, model)
    window = exported(gathered)
    place = _write(window, to)
    tell(f"Written: {window.values['texts']:,} predictions to {place}.")
    if not window.has_embedding:
        tell(f"Without embeddings. {gathered.why_no_words}")


def _gathered(since: str | None, last: int | None, model: str | None) -> GatheredWindow:
    from opinionlens.cli.app_database import open_database
    from opinionlens.cli.checked_model import load_checked_model
    from opinionlens.jobs.drift_windows import LogSpan, window_of_log

    checked = load_checked_model(model)
    span = LogSpan(
        datetime.now(UTC), age=None if last is not None else age_of(since or _DEFAULT_AGE), most=last
    )
    with open_database() as database:
        return window_of_log(
            database,
            checked.profile,
            checked.recipe,
            checked.knows,
            model=(checked.name, checked.version),
            span=span,
        )


def _write(window: ExportedWindow, to: ExportTarget) -> str:
    from opinionlens.base.settings import load_settings
    from opinionlens.cli.drift_sources_run import drift_database
    from opinionlens.jobs.drift_export import export_to_disk, export_to_mlflow, export_to_table
    from opinionlens.pipeline.tracked import tracking_of

    settings = load_settings()
    match to:
        case ExportTarget.DISK:
            return export_to_disk(window)
        case ExportTarget.MLFLOW:
            return export_to_mlflow(
                window, tracking_of(settings.mlflow), settings.mlflow.local_experiment_name
            )
        case ExportTarget.TABLE:
            opened, setting = drift_database(settings)
            database = opened()
            try:
                return export_to_table(window, database, setting)
            finally:
                database.close()
