"""The content of a stored drift report, read back.

It needs no statistics, so the app may read it. What an earlier or later version wrote otherwise is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Of measures without a baseline in reports of old: chance is half for the area under a curve.
_BASELINES = {"domain_classifier": 0.5}
_METRICS = ("accuracy", "macro_f1")


@dataclass(frozen=True, slots=True)
class ReportedMeasure:
    """One measure of a report.

    Attributes:
        name: as gauges have it.
        title: for people who know the measure.
        value: None where it could not be taken.
        threshold: above it is drift.
        baseline: the value without any distance.
        why_not: why it could not be taken.
    """

    name: str
    title: str
    value: float | None
    threshold: float | None
    baseline: float
    why_not: str | None

    @property
    def has_drifted(self) -> bool:
        """Whether the value is above the threshold."""
        return self.value is not None and self.threshold is not None and self.value > self.threshold


@dataclass(frozen=True, slots=True)
class ReportedWord:
    """A moved word with its shares of texts."""

    word: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class ReportedScore:
    """A score of a report with its limits.

    `metric` is accuracy or macro_f1.
    """

    metric: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ReportedQuality:
    """Quality of the answers that a report is about.

    Attributes:
        texts: that were answered.
        estimated: from probabilities alone.
        validation: on held-out texts at training, by metric.
        answers: with feedback.
        sources: of the feedback, with their numbers.
        covered: the share of the window whose like has feedback.
        realised: accuracy by feedback.
        realised_f1: macro F1 by feedback; None for few.
    """

    texts: int
    estimated: tuple[ReportedScore, ...]
    validation: Mapping[str, float]
    answers: int = 0
    sources: Mapping[str, int] = field(default_factory=dict)
    covered: float = 0.0
    realised: ReportedScore | None = None
    realised_f1: float | None = None


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A report's content.

    Attributes:
        status: `drift`, `no_drift` or `too_little_data`.
        texts: in the window.
        texts_with_words: of which the words were read.
        false_alarm_rate: of the whole check; None where it is not told.
        score: the greatest distance in units of its threshold.
        measures: in the order of the report.
        moved_words: those that moved most.
        served_words: words that tell served texts from those of training.
        notes: sentences on what was left out.
        quality: of the answers; None where the report has none.
    """

    status: str
    texts: int
    texts_with_words: int
    false_alarm_rate: float | None
    score: float | None
    measures: tuple[ReportedMeasure, ...]
    moved_words: tuple[ReportedWord, ...]
    served_words: tuple[str, ...]
    notes: tuple[str, ...]
    quality: ReportedQuality | None = None


def content_of(body: Mapping[str, Any], *, has_drifted: bool) -> ReportContent:
    """Return a report's content from its stored body.

    Args:
        body: as `report_body` writes it.
        has_drifted: for a body without a status.
    """
    status = body.get("status")
    return ReportContent(
        status=status if isinstance(status, str) else "drift" if has_drifted else "no_drift",
        texts=int(number(body.get("texts")) or 0),
        texts_with_words=int(number(body.get("texts_with_words")) or 0),
        false_alarm_rate=number(body.get("false_alarm_rate")),
        score=number(body.get("score")),
        measures=tuple(_measures(body)),
        moved_words=tuple(_words(body)),
        served_words=strings(body.get("served_words")),
        notes=strings(body.get("notes")),
        quality=quality_of(body),
    )


def quality_of(body: Mapping[str, Any]) -> ReportedQuality | None:
    """Return the quality that a body tells, if it does."""
    quality = body.get("quality")
    if not isinstance(quality, dict):
        return None
    estimated = tuple(_scores(quality.get("estimated")))
    if not estimated:
        return None
    given = quality.get("feedback")
    feedback: dict[str, Any] = given if isinstance(given, dict) else {}
    realised = {one.metric: one for one in _scores({"accuracy": feedback.get("accuracy")})}
    return ReportedQuality(
        texts=int(number(quality.get("texts")) or 0),
        estimated=estimated,
        validation=_numbers(quality.get("validation")),
        answers=int(number(feedback.get("answers")) or 0),
        sources={name: int(count) for name, count in _numbers(feedback.get("sources")).items()},
        covered=number(feedback.get("covered")) or 0.0,
        realised=realised.get("accuracy"),
        realised_f1=number(feedback.get("macro_f1")),
    )


def number(value: object) -> float | None:
    """Return a finite number of a body, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def strings(value: object) -> tuple[str, ...]:
    """Return the strings of a body's list."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a body's list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _scores(value: object) -> Iterator[ReportedScore]:
    for metric, limits in value.items() if isinstance(value, dict) else ():
        found = _numbers(limits)
        if metric in _METRICS and {"value", "low", "high"} <= found.keys():
            yield ReportedScore(metric, found["value"], found["low"], found["high"])


def _numbers(value: object) -> dict[str, float]:
    """Return the finite numbers of an object, by name."""
    if not isinstance(value, dict):
        return {}
    return {name: found for name, one in value.items() if (found := number(one)) is not None}


def _measures(body: Mapping[str, Any]) -> Iterator[ReportedMeasure]:
    for one in objects(body.get("measures")):
        name, title, why_not = one.get("name"), one.get("title"), one.get("why_not")
        if isinstance(name, str):
            baseline = number(one.get("baseline"))
            yield ReportedMeasure(
                name,
                title if isinstance(title, str) else name,
                number(one.get("value")),
                number(one.get("threshold")),
                _BASELINES.get(name, 0.0) if baseline is None else baseline,
                why_not if isinstance(why_not, str) else None,
            )


def _words(body: Mapping[str, Any]) -> Iterator[ReportedWord]:
    for one in objects(body.get("moved_words")):
        word, before, now = one.get("word"), number(one.get("before")), number(one.get("now"))
        if isinstance(word, str) and before is not None and now is not None:
            yield ReportedWord(word, before, now)
