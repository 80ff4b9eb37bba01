"""Printed results of drift checks: tables and sentences, or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from opinionlens.cli.telling import tell

if TYPE_CHECKING:
    from opinionlens.drift.comparison import MeasureResult, WindowComparison
    from opinionlens.jobs.drift_sources.drift_source import SourceAttempt
    from opinionlens.jobs.finished_check import FinishedCheck

_WORDS_SHOWN = 8


def print_check(
    check: FinishedCheck, *, attempts: Sequence[SourceAttempt], run_id: str | None, as_json: bool
) -> None:
    """Print a finished check.

    Args:
        check: itself.
        attempts: the sources that were asked, in order; none where one was named.
        run_id: of the run in MLflow.
        as_json: for programs.
    """
    from opinionlens.cli.drift_quality_table import print_quality
    from opinionlens.drift.profile import LEAST_TEXTS

    if as_json:
        print(json.dumps(_as_json(check, attempts, run_id), indent=2))
        return
    found, texts = check.found, _texts_of(check)
    if not found.is_enough:
        tell(f"Too little data: {texts} for {check.reference}; {LEAST_TEXTS} are needed.")
    else:
        _print_measures(found)
        print_quality(found)
        tell(_sentence(found, texts, check.reference))
    for note in check.notes:
        tell(note)


def print_nothing_found(attempts: Sequence[SourceAttempt], *, as_json: bool) -> None:
    """Say that no source had a window."""
    if as_json:
        body = {"status": "too_little_data", "source": None, "sources": _attempts(attempts)}
        print(json.dumps(body, indent=2))
        return
    tell("Too little data: no source has recent texts or a recent window.")
    for one in attempts:
        tell(f"Source {one.name}: {one.why_not}")


def _texts_of(check: FinishedCheck) -> str:
    count = check.found.texts
    match check.source:
        case "prediction_log":
            return f"{count:,} predictions"
        case "file":
            return f"{count:,} texts of the file"
    return f"{count:,} texts of {check.place}" if count else f"the texts of {check.place}"


def _print_measures(found: WindowComparison) -> None:
    from opinionlens.cli.printed_tables import show_table

    rows = [(one.title, _number(one.value), _number(one.threshold), _in_words(one)) for one in found.results]
    show_table(("Measure", "Value", "Threshold", "Result"), rows)
    if found.words:
        moved = [f"{one.word} {one.before:.1%} → {one.now:.1%}" for one in found.words[:_WORDS_SHOWN]]
        tell("Words that moved (share of texts): " + ", ".join(moved))
    domain = found.domain
    if domain is not None and domain.auc > domain.threshold:
        tell("Words of served texts: " + ", ".join(domain.served_words))
        tell("Words of training texts: " + ", ".join(domain.training_words))
        for kind, examples in (("Served", domain.served_examples), ("Training", domain.training_examples)):
            for text in examples:
                tell(f"{kind}, for example: {' '.join(text.split())}")


def _sentence(found: WindowComparison, texts: str, reference: str) -> str:
    if found.false_alarm_rate is None:
        against, rate = reference, " (by constants, which know nothing of the window's size)"
    else:
        against = f"the training texts of {reference}"
        rate = f" ({found.false_alarm_rate:.0%} of checks without drift give an alarm)"
    if not found.has_drifted:
        return f"No drift: {texts} look like {against}{rate}."
    reasons = dict.fromkeys(one.says for one in found.results if one.has_drifted)
    return f"Drift: {texts} differ from {against}{rate}. " + " ".join(reasons)


def _in_words(one: MeasureResult) -> str:
    if one.value is None:
        return one.why_not or "not taken"
    if one.threshold is None:
        return "part of the sum"
    return "DRIFT" if one.has_drifted else "as usual"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _as_json(check: FinishedCheck, attempts: Sequence[SourceAttempt], run_id: str | None) -> dict[str, Any]:
    from opinionlens.drift.report_body import body_of

    domain = check.found.domain
    return {
        "model": {"name": check.reference_name, "version": check.reference_version},
        "window": {"start": check.start.isoformat(), "end": check.end.isoformat()},
        **body_of(check.found, source=check.source, notes=check.notes),
        "sources": _attempts(attempts),
        "mlflow_run": run_id,
        # Texts are shown, never stored with the report.
        "served_examples": [] if domain is None else list(domain.served_examples),
        "training_examples": [] if domain is None else list(domain.training_examples),
    }


def _attempts(attempts: Sequence[SourceAttempt]) -> list[dict[str, Any]]:
    return [
        {"source": one.name, "taken": one.why_not is None, "place": one.place, "why_not": one.why_not}
        for one in attempts
    ]
