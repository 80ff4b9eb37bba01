"""`opinionlens drift check`: served texts beside those of training."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from opinionlens.base.errors import InputError

if TYPE_CHECKING:
    from opinionlens.drift.comparison import MeasureResult, WindowComparison
    from opinionlens.jobs.drift_check import CheckedModel
    from opinionlens.jobs.drift_windows import GatheredWindow

DRIFT, TOO_LITTLE = 3, 4

drift_commands = typer.Typer(help="Compare served texts with those of training.", no_args_is_help=True)

_AGE = re.compile(r"([1-9][0-9]{0,5})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WORDS_SHOWN = 8


@drift_commands.command("check")
def check(
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Predictions of the last 30m, 24h or 7d. Default: 24h.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="The last so many predictions.")] = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Texts of a file instead of served ones.")
    ] = None,
    text_column: Annotated[str, typer.Option(help="The column of the file that holds the texts.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    model: Annotated[
        str | None,
        typer.Option(help="NAME@VERSION, NAME@ALIAS or a folder with an artifact. Default: the champion."),
    ] = None,
) -> None:
    """Compare recent texts with the training data.

    The status is 0 without drift, 3 with, 4 where there are too few texts.
    """
    from opinionlens.cli.processes import sigterm_as_ctrl_c

    with sigterm_as_ctrl_c():
        sys.exit(_run(since, last, input_file, text_column, as_json=as_json, model=model))


def age_of(text: str) -> timedelta:
    """Return the time that 30m, 24h or 7d stands for.

    Raises:
        InputError: it stands for none.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise InputError(f"{text[:50]!r} is no time.", remedy="For example 30m, 24h or 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _run(
    since: str | None,
    last: int | None,
    file: Path | None,
    text_column: str,
    *,
    as_json: bool,
    model: str | None,
) -> int:
    from opinionlens.cli.app_database import open_database
    from opinionlens.jobs.drift_check import check_window, record
    from opinionlens.jobs.drift_windows import LogSpan, window_of_file, window_of_log
    from opinionlens.storage import StorageError

    if sum(each is not None for each in (since, last, file)) > 1:
        raise InputError("--since, --last and --input exclude one another.", remedy="Give one of them.")
    checked = _checked_model(model)
    now = datetime.now(UTC)
    if file is not None:
        window = window_of_file(
            file, text_column, checked.classifier, checked.profile, checked.recipe, checked.knows, now=now
        )
        found = check_window(checked, window)
        try:
            with open_database() as database:
                record(database, checked, window, found)
        except StorageError as error:  # the answer is there; only its record is missing
            _say(f"The report was not recorded: {error}")
    else:
        span = LogSpan(now, age=None if last else age_of(since or "24h"), most=last)
        with open_database() as database:
            window = window_of_log(
                database,
                checked.profile,
                checked.recipe,
                checked.knows,
                model=(checked.name, checked.version),
                span=span,
            )
            found = check_window(checked, window)
            record(database, checked, window, found)
    _print(checked, window, found, as_json=as_json)
    return DRIFT if found.has_drifted else 0 if found.is_enough else TOO_LITTLE


def _checked_model(model: str | None) -> CheckedModel:
    from opinionlens.cli.chosen import chosen_classifier
    from opinionlens.jobs.drift_check import CheckedModel, read_profile

    chosen = chosen_classifier(model)
    # A folder's version is the start of its digest: 12 hexadecimal digits.
    is_number = chosen.version.isdecimal() and len(chosen.version) < 12
    profile = read_profile(chosen.folder)
    return CheckedModel(chosen.classifier, chosen.name, int(chosen.version) if is_number else None, profile)


def _print(model: CheckedModel, window: GatheredWindow, found: WindowComparison, *, as_json: bool) -> None:
    from opinionlens.drift.profile import LEAST_TEXTS

    if as_json:
        print(json.dumps(_as_json(model, window, found), indent=2))
        return
    where = "predictions" if window.source == "prediction_log" else "texts of the file"
    named = f"{model.name} {model.version or ''}".strip()
    if not found.is_enough:
        _say(f"Too little data: {found.texts:,} {where} for {named}; {LEAST_TEXTS} are needed.")
    else:
        _print_measures(found)
        _say(_sentence(found, f"{found.texts:,} {where}", named))
    for note in window.notes:
        _say(note)


def _print_measures(found: WindowComparison) -> None:
    from opinionlens.cli.printed_tables import show_table

    rows = [(one.title, _number(one.value), _number(one.threshold), _in_words(one)) for one in found.results]
    show_table(("Measure", "Value", "Threshold", "Result"), rows)
    if found.words:
        moved = [f"{one.word} {one.before:.1%} → {one.now:.1%}" for one in found.words[:_WORDS_SHOWN]]
        _say("Words that moved (share of texts): " + ", ".join(moved))
    domain = found.domain
    if domain is not None and domain.auc > domain.threshold:
        _say("Words of served texts: " + ", ".join(domain.served_words))
        _say("Words of training texts: " + ", ".join(domain.training_words))
        for kind, examples in (("Served", domain.served_examples), ("Training", domain.training_examples)):
            for text in examples:
                _say(f"{kind}, for example: {' '.join(text.split())}")


def _sentence(found: WindowComparison, texts: str, model: str) -> str:
    rate = f"{found.false_alarm_rate:.0%} of checks without drift give an alarm"
    if not found.has_drifted:
        return f"No drift: {texts} look like the training texts of {model} ({rate})."
    reasons = dict.fromkeys(one.says for one in found.results if one.has_drifted)
    return f"Drift: {texts} differ from the training texts of {model} ({rate}). " + " ".join(reasons)


def _in_words(one: MeasureResult) -> str:
    if one.value is None:
        return one.why_not or "not taken"
    return "DRIFT" if one.has_drifted else "as usual"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _as_json(model: CheckedModel, window: GatheredWindow, found: WindowComparison) -> dict[str, Any]:
    from opinionlens.drift.report_body import body_of

    domain = found.domain
    return {
        "model": {"name": model.name, "version": model.version},
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat()},
        **body_of(found, source=window.source, notes=window.notes),
        # Texts are shown, never stored with the report.
        "served_examples": [] if domain is None else list(domain.served_examples),
        "training_examples": [] if domain is None else list(domain.training_examples),
    }


def _say(words: str) -> None:
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(words)
