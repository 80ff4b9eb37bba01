"""`opinionlens drift check`: recent texts beside those of training."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opinionlens.base.errors import InputError, TrackingError
from opinionlens.cli.ages import age_of
from opinionlens.cli.drift_export_command import export
from opinionlens.cli.telling import tell

if TYPE_CHECKING:
    from opinionlens.cli.drift_sources_run import AskedSources
    from opinionlens.cli.html_report import HtmlReport
    from opinionlens.jobs.drift_check import CheckedModel
    from opinionlens.jobs.finished_check import FinishedCheck
    from opinionlens.storage.drift_reports import DriftReport

DRIFT, TOO_LITTLE = 3, 4

drift_commands = typer.Typer(help="Compare served texts with those of training.", no_args_is_help=True)

_DEFAULT_AGE = "24h"
_HISTORY = 60


@dataclass(frozen=True)
class CheckOutput:
    """The form of a check's result.

    `page` is an HTML file besides.
    """

    as_json: bool
    page: HtmlReport | None = None


drift_commands.command("export")(export)


@drift_commands.command("check")
def check(
    since: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Predictions of the last 30m, 24h or 7d. Default: 24h. With --from: no older windows.",
        ),
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="The last so many predictions.")] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Texts of a file instead of served ones.")
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="log, xcom, mlflow, table or disk; several are tried in their order. "
            "Default: those of DRIFT__SOURCES.",
        ),
    ] = None,
    xcom: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="JSON for the source xcom; `-` reads standard input."),
    ] = None,
    text_column: Annotated[str, typer.Option(help="The column of the file that holds the texts.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as one HTML page, too.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="NAME@VERSION, NAME@ALIAS or a folder with an artifact. Default: the champion."),
    ] = None,
) -> None:
    """Compare recent texts with the training data.

    The status is 0 without drift, 3 with, 4 where there are too few texts.
    """
    from opinionlens.cli.processes import sigterm_as_ctrl_c

    _refuse_contradictions(since, last, input_file, sources, xcom)
    output = CheckOutput(as_json, _opened(html))
    with sigterm_as_ctrl_c():
        if input_file is not None:
            sys.exit(_check_file(input_file, text_column, output=output, model=model))
        if last is not None or (since is not None and not sources and xcom is None):
            span = (None if last else age_of(since or _DEFAULT_AGE), last)
            sys.exit(_check_log(*span, output=output, model=model))
        sys.exit(_check_sources(since, sources, xcom, output=output, model=model))


def _refuse_contradictions(
    since: str | None, last: int | None, file: Path | None, sources: list[str] | None, xcom: str | None
) -> None:
    if sum(each is not None for each in (since, last, file)) > 1:
        raise InputError("--since, --last and --input exclude one another.", remedy="Give one of them.")
    if (sources or xcom is not None) and (last is not None or file is not None):
        raise InputError("--last and --input exclude --from and --xcom.", remedy="Give one of them.")


def _check_file(file: Path, text_column: str, *, output: CheckOutput, model: str | None) -> int:
    from opinionlens.cli.checked_model import load_checked_model
    from opinionlens.jobs.drift_check import check_window
    from opinionlens.jobs.drift_windows import window_of_file
    from opinionlens.jobs.finished_check import FinishedCheck

    checked = load_checked_model(model)
    window = window_of_file(
        file,
        text_column,
        checked.classifier,
        checked.profile,
        checked.recipe,
        checked.knows,
        now=datetime.now(UTC),
    )
    finished = FinishedCheck.of_texts(checked, window, check_window(checked, window))
    _record_if_possible(finished)
    return _end(finished, output=output)


def _check_log(age: timedelta | None, most: int | None, *, output: CheckOutput, model: str | None) -> int:
    from opinionlens.cli.app_database import open_database
    from opinionlens.cli.checked_model import load_checked_model
    from opinionlens.jobs.drift_windows import LogSpan
    from opinionlens.jobs.finished_check import record_check
    from opinionlens.jobs.log_check import check_log

    checked: CheckedModel = load_checked_model(model)
    with open_database() as database:
        finished = check_log(database, checked, LogSpan(datetime.now(UTC), age=age, most=most))
        record_check(database, finished)
    return _end(finished, output=output)


def _check_sources(
    since: str | None, sources: list[str] | None, xcom: str | None, *, output: CheckOutput, model: str | None
) -> int:
    from opinionlens.cli.drift_printing import print_nothing_found
    from opinionlens.cli.drift_sources_run import ask_sources

    asked: AskedSources = ask_sources(
        sources, xcom, age=None if since is None else age_of(since), model=model
    )
    if asked.finished is None:
        if asked.is_broken:
            raise InputError("No source has a window that can be compared. " + " ".join(asked.reasons))
        print_nothing_found(asked.attempts, as_json=output.as_json)
        return TOO_LITTLE
    finished = asked.finished.noting(asked.reasons)
    _record_if_possible(finished)
    return _end(finished, output=output, asked=asked)


def _record_if_possible(finished: FinishedCheck) -> None:
    """Store the report where the database answers.

    Elsewhere that is only said: the answer is there.
    """
    from opinionlens.cli.app_database import open_database
    from opinionlens.jobs.finished_check import record_check
    from opinionlens.storage import StorageError

    try:
        with open_database() as database:
            record_check(database, finished)
    except StorageError as error:
        tell(f"The report was not recorded: {error}")


def _end(finished: FinishedCheck, *, output: CheckOutput, asked: AskedSources | None = None) -> int:
    """Record the run, print the check and return the status."""
    from opinionlens.cli.drift_html import write_drift_html
    from opinionlens.cli.drift_printing import print_check

    run_id = _recorded_run(finished)
    attempts = () if asked is None else asked.attempts
    print_check(finished, attempts=attempts, run_id=run_id, as_json=output.as_json)
    if output.page is not None:
        write_drift_html(output.page, finished, _history(finished))
        tell(f"Written: {output.page.file}")
    return DRIFT if finished.found.has_drifted else 0 if finished.found.is_enough else TOO_LITTLE


def _opened(html: Path | None) -> HtmlReport | None:
    """Open the HTML file.

    Its problems come before the work.
    """
    from opinionlens.cli.html_report import HtmlReport

    return HtmlReport.opened(html, "drift.css") if html else None


def _history(finished: FinishedCheck) -> list[DriftReport]:
    """Return earlier reports on served texts, where the database answers."""
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage import StorageError, drift_reports

    try:
        with open_database() as database:
            reports = drift_reports.last_served(database, limit=_HISTORY)
    except StorageError as error:
        tell(f"The page has no earlier checks: {error}")
        return []
    return [one for one in reports if one.window_end != finished.end]


def _recorded_run(finished: FinishedCheck) -> str | None:
    """Record the check in MLflow, where that answers.

    Elsewhere that is only said.
    """
    from opinionlens.base.settings import load_settings
    from opinionlens.jobs.drift_monitoring import record_run
    from opinionlens.pipeline.tracked import tracking_of

    settings = load_settings().mlflow
    try:
        return record_run(
            tracking_of(settings),
            settings.local_experiment_name,
            finished.found,
            source=finished.source,
            model=finished.reference,
        )
    except TrackingError as error:
        tell(f"The run was not recorded in MLflow: {error}")
        return None
