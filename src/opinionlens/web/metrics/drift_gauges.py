"""Gauges of the newest drift report.

They come from the report when they are asked for, not from the counts of a worker: so every worker shows the
same, also after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import Metric

from opinionlens.storage.drift_reports import DriftReport
from opinionlens.web.metrics.catalogue import (
    DRIFT_AGE,
    DRIFT_MEASURE,
    DRIFT_SCORE,
    DRIFT_TEXTS,
    DRIFT_THRESHOLD,
    MetricDescription,
)


@dataclass(frozen=True, slots=True)
class ShownDrift:
    """The figures of one drift report.

    Attributes:
        at: when it was made.
        model: the model that it is about.
        version: its number; `none` without.
        score: the greatest distance in units of its threshold; None where nothing was judged.
        values: by measure, those that were taken.
        thresholds: by measure.
        texts: the number of texts; None where the report does not tell.
    """

    at: datetime
    model: str
    version: str
    score: float | None
    values: Mapping[str, float]
    thresholds: Mapping[str, float]
    texts: int | None = None


def shown_drift(report: DriftReport) -> ShownDrift:
    """Return the figures of a report.

    What a later version of the checks may write otherwise is left out.
    """
    score, measures, texts = (report.body.get(name) for name in ("score", "measures", "texts"))
    each = [one for one in measures if isinstance(one, dict)] if isinstance(measures, list) else []

    def numbers(field: str) -> dict[str, float]:
        return {
            name: float(value)
            for one in each
            if isinstance(name := one.get("name"), str) and isinstance(value := one.get(field), int | float)
        }

    return ShownDrift(
        at=report.at,
        model=report.model_name,
        version="none" if report.model_version is None else str(report.model_version),
        score=float(score) if isinstance(score, int | float) else None,
        values=numbers("value"),
        thresholds=numbers("threshold"),
        texts=texts if isinstance(texts, int) else None,
    )


def drift_metrics(drift: ShownDrift | None, now: datetime) -> Iterator[Metric]:
    """Yield the gauges; without samples where nothing is known."""
    score, values, thresholds, age, texts = (
        _gauge(card) for card in (DRIFT_SCORE, DRIFT_MEASURE, DRIFT_THRESHOLD, DRIFT_AGE, DRIFT_TEXTS)
    )
    if drift is not None:
        age.add_sample(DRIFT_AGE.name, {}, max(0.0, (now - drift.at).total_seconds()))
        if drift.texts is not None:
            texts.add_sample(DRIFT_TEXTS.name, {}, drift.texts)
        if drift.score is not None:
            score.add_sample(DRIFT_SCORE.name, {}, drift.score)
        for metric, figures in ((values, drift.values), (thresholds, drift.thresholds)):
            for measure, value in figures.items():
                labels = {"measure": measure, "model": drift.model, "version": drift.version}
                metric.add_sample(metric.name, labels, value)
    yield from (score, values, thresholds, age, texts)


def _gauge(card: MetricDescription) -> Metric:
    return Metric(card.name, card.meaning, card.kind)
