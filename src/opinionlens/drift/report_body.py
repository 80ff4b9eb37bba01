"""The stored form of a comparison, as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from opinionlens.drift.comparison import MeasureResult, WindowComparison

FORMAT = 1
# The last four hand averages over, not texts.
WindowSource = Literal["prediction_log", "file", "xcom", "mlflow", "table", "disk"]
DriftStatus = Literal["drift", "no_drift", "too_little_data"]


def status_of(found: WindowComparison) -> DriftStatus:
    """Return the result in one word."""
    if not found.is_enough:
        return "too_little_data"
    return "drift" if found.has_drifted else "no_drift"


def body_of(found: WindowComparison, *, source: WindowSource, notes: Sequence[str]) -> dict[str, Any]:
    """Return the comparison as JSON values, without any text.

    Words are those of many training texts, or of three served ones and more.
    """
    domain = found.domain
    return {
        "format": FORMAT,
        "source": source,
        "status": status_of(found),
        "texts": found.texts,
        "texts_with_words": found.read_texts,
        "false_alarm_rate": found.false_alarm_rate,
        "score": found.score,
        "combined_drift": found.combined_drift,
        "measures": [_measure(one) for one in found.results],
        "moved_words": [{"word": one.word, "before": one.before, "now": one.now} for one in found.words],
        "served_words": [] if domain is None else list(domain.served_words),
        "training_words": [] if domain is None else list(domain.training_words),
        "quality": None if found.quality is None else found.quality.as_body(),
        "notes": list(notes),
    }


def _measure(one: MeasureResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "value": one.value,
        "threshold": one.threshold,
        "baseline": one.baseline,
        "has_drifted": one.has_drifted,
        "why_not": one.why_not,
    }
