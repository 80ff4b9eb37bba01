"""Gauges of the newest drift report.

They come from the report when they are asked for, not from the counts of a worker: so every worker shows the
same, also after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import Metric

from opinionlens.drift.report_content import quality_of
from opinionlens.storage.drift_reports import DriftReport
from opinionlens.web.metrics.catalogue import (
    DRIFT_AGE,
    DRIFT_MEASURE,
    DRIFT_SCORE,
    DRIFT_TEXTS,
    DRIFT_THRESHOLD,
    ESTIMATED_QUALITY,
    VALIDATION_QUALITY,
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
        estimated: expected quality of the answers, by metric.
        validation: quality at training, by metric.
    """

    at: datetime
    model: str
    version: str
    score: float | None
    values: Mapping[str, float]
    thresholds: Mapping[str, float]
    texts: int | None = None
    estimated: Mapping[str, float] = field(default_factory=dict)
    validation: Mapping[str, float] = field(default_factory=dict)


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

    quality = quality_of(report.body)
    return ShownDrift(
        at=report.at,
        model=report.model_name,
        version="none" if report.model_version is None else str(report.model_version),
        score=float(score) if isinstance(score, int | float) else None,
        values=numbers("value"),
        thresholds=numbers("threshold"),
        texts=texts if isinstance(texts, int) else None,
        estimated={} if quality is None else {one.metric: one.value for one in quality.estimated},
        validation={} if quality is None else quality.validation,
    )


def drift_metrics(drift: ShownDrift | None, now: datetime) -> Iterator[Metric]:
    """Yield the gauges; without samples where nothing is known."""
    score, values, thresholds, age, texts, estimated, validation = (
        _gauge(card)
        for card in (
            DRIFT_SCORE,
            DRIFT_MEASURE,
            DRIFT_THRESHOLD,
            DRIFT_AGE,
            DRIFT_TEXTS,
            ESTIMATED_QUALITY,
            VALIDATION_QUALITY,
        )
    )
    if drift is not None:
        age.add_sample(DRIFT_AGE.name, {}, max(0.0, (now - drift.at).total_seconds()))
        if drift.texts is not None:
            texts.add_sample(DRIFT_TEXTS.name, {}, drift.texts)
        if drift.score is not None:
            score.add_sample(DRIFT_SCORE.name, {}, drift.score)
        for metric, label, figures in (
            (values, "measure", drift.values),
            (thresholds, "measure", drift.thresholds),
            (estimated, "metric", drift.estimated),
            (validation, "metric", drift.validation),
        ):
            for name, value in figures.items():
                labels = {label: name, "model": drift.model, "version": drift.version}
                metric.add_sample(metric.name, labels, value)
    yield from (score, values, thresholds, age, texts, estimated, validation)


def _gauge(card: MetricDescription) -> Metric:
    return Metric(card.name, card.meaning, card.kind)
