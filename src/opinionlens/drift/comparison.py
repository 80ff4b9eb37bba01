"""Comparison of one window with a profile, measure by measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opinionlens.drift.measures import domain_classifier
from opinionlens.drift.measures.domain_classifier import DomainResult
from opinionlens.drift.measures.known_measures import MEASURES
from opinionlens.drift.measures.measure import Measure
from opinionlens.drift.measures.term_shift import term_deviances
from opinionlens.drift.measures.unknown_terms import UNKNOWN_TERMS
from opinionlens.drift.profile import LEAST_TEXTS, Means, TextProfile
from opinionlens.drift.window_quality import WindowQuality

_WORDS_SHOWN = 20
# The deviance of a word that moves beyond doubt, one of 2,000 looked at.
_LEAST_DEVIANCE = 20.0


@dataclass(frozen=True)
class MeasureResult:
    """One measure of one window.

    Attributes:
        name: of the measure.
        title: of the measure, for people.
        value: None where it could not be taken.
        threshold: above it is drift.
        baseline: the value without any distance: 0, or 0.5 for the domain classifier.
        says: the sentence for a value above the threshold.
        why_not: why it could not be taken.
    """

    name: str
    title: str
    value: float | None
    threshold: float | None
    baseline: float
    says: str
    why_not: str | None = None

    @property
    def has_drifted(self) -> bool:
        """Whether the value is above the threshold."""
        return self.value is not None and self.threshold is not None and self.value > self.threshold

    @property
    def ratio(self) -> float | None:
        """The distance in units of its threshold.

        Above 1 is drift.
        """
        if self.value is None or self.threshold is None or self.threshold <= self.baseline:
            return None
        return max(0.0, (self.value - self.baseline) / (self.threshold - self.baseline))


@dataclass(frozen=True)
class MovedWord:
    """A word and its share of texts, before and now."""

    word: str
    before: float
    now: float


@dataclass(frozen=True)
class WindowComparison:
    """All measures of one window.

    Attributes:
        texts: in the window.
        read_texts: of which the words are known.
        false_alarm_rate: of the whole check; None for constants.
        results: by measure, those that could not be taken too; empty if the window is too small.
        words: that moved most.
        domain: what the domain classifier found.
        quality: of the window's answers, where their probabilities are known.
    """

    texts: int
    read_texts: int
    false_alarm_rate: float | None
    results: tuple[MeasureResult, ...]
    words: tuple[MovedWord, ...] = ()
    domain: DomainResult | None = None
    quality: WindowQuality | None = None

    @property
    def is_enough(self) -> bool:
        """Whether the window has enough texts for an answer."""
        return bool(self.results)

    @property
    def has_drifted(self) -> bool:
        """Whether any measure is above its threshold."""
        return any(one.has_drifted for one in self.results)

    @property
    def score(self) -> float | None:
        """The greatest distance in units of its threshold."""
        return max((one.ratio for one in self.results if one.ratio is not None), default=None)

    def value(self, name: str) -> float | None:
        """Return a measure's value, if it was taken."""
        return next((one.value for one in self.results if one.name == name), None)

    @property
    def combined_drift(self) -> float | None:
        """The sum of label and embedding drift."""
        label, embedding = self.value("label_drift"), self.value("embedding_drift")
        return None if label is None or embedding is None else label + embedding


def compare(
    window: Means,
    profile: TextProfile,
    *,
    why_no_words: str,
    domain: DomainResult | None,
    why_no_domain: str,
) -> WindowComparison:
    """Compare a window with the profile.

    Args:
        window: the averages of one window.
        profile: of held-out texts.
        why_no_words: said of measures that need texts, where there are too few.
        domain: what the domain classifier found; None where it was not asked.
        why_no_domain: why it was not.
    """
    rate = profile.false_alarm_rate
    if window.texts < LEAST_TEXTS:
        return WindowComparison(window.texts, window.read_texts, rate, ())
    has_words = window.read_texts >= LEAST_TEXTS
    results = [_take(one, window, profile, why_no_words) for one in MEASURES]
    results.append(_of_domain(domain, why_no_domain))
    words = _moved(window, profile) if has_words else ()
    return WindowComparison(window.texts, window.read_texts, rate, tuple(results), words, domain)


def _take(measure: Measure, window: Means, profile: TextProfile, why_no_words: str) -> MeasureResult:
    def result(value: float | None, threshold: float | None, why_not: str | None = None) -> MeasureResult:
        return MeasureResult(measure.name, measure.title, value, threshold, 0.0, measure.says, why_not)

    has_words = window.read_texts >= LEAST_TEXTS
    has_unknown = (
        window.unknown is not None
        and window.unknown_texts >= LEAST_TEXTS
        and profile.unknown_share is not None
    )
    texts = window.read_texts if measure.needs_words else window.texts
    if measure.name == UNKNOWN_TERMS.name and (has_unknown or has_words):
        if not has_unknown:
            return result(None, None, "No words were found, or the vocabulary has none.")
        texts = window.unknown_texts  # rows of the log have it without any text
    elif measure.needs_words and not has_words:
        return result(None, None, why_no_words)
    value = float(measure.values(window, profile.means())[0])
    # The thresholds of all measures together hold for some of them, too: fewer alarms, never more.
    return result(value, profile.threshold(measure.name, texts, has_words=has_words or has_unknown))


def _of_domain(found: DomainResult | None, why_not: str) -> MeasureResult:
    value, threshold = (None, None) if found is None else (found.auc, found.threshold)
    return MeasureResult(
        domain_classifier.NAME,
        domain_classifier.TITLE,
        value,
        threshold,
        0.5,
        domain_classifier.SAYS,
        why_not if found is None else None,
    )


def _moved(window: Means, profile: TextProfile) -> tuple[MovedWord, ...]:
    if window.terms is None:
        return ()
    deviances = term_deviances(window, profile.means())[0][: len(profile.terms)]
    order = [
        row
        for row in np.argsort(-deviances, kind="stable")[:_WORDS_SHOWN]
        if deviances[row] >= _LEAST_DEVIANCE
    ]
    return tuple(
        MovedWord(profile.terms[row], profile.term_shares[row], round(float(window.terms[0, row]), 6))
        for row in order
    )
