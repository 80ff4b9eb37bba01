"""Quality of served answers by readers' feedback.

Feedback is no fair sample: readers speak up mostly where an answer is wrong, and reviewers are asked about
unsure ones. The second is known and mended: answers are weighed so that predicted labels and confidences have
the shares of the whole window. The first cannot be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opinionlens.drift.estimated_quality import QualitySums, strata_of
from opinionlens.evaluation.intervals import Interval, wilson
from opinionlens.text.labels import LABELS, Label

# A mean of three F1 from fewer answers says nothing.
_LEAST_FOR_F1 = 50


@dataclass(frozen=True)
class LabelledAnswer:
    """A served answer with feedback.

    Attributes:
        probabilities: in the order of LABELS.
        label: the right one, as they say.
        source: where it was given, such as page or review.
    """

    probabilities: tuple[float, ...]
    label: Label
    source: str


@dataclass(frozen=True)
class RealisedQuality:
    """Quality of the labelled answers, weighed.

    Attributes:
        answers: that were labelled.
        sources: of the labels, with their numbers.
        covered: the share of the window whose like was labelled.
        accuracy: share of right answers, with the interval of the effective number.
        macro_f1: mean of the classes' F1; None below 50 answers.
    """

    answers: int
    sources: Mapping[str, int]
    covered: float
    accuracy: Interval
    macro_f1: float | None


def realised_quality(labelled: Sequence[LabelledAnswer], window: QualitySums) -> RealisedQuality | None:
    """Return the quality of labelled answers of a window.

    None where nothing was labelled.
    """
    if not labelled or not window.texts:
        return None
    probabilities = np.array([one.probabilities for one in labelled])
    truth = np.array([LABELS.index(one.label) for one in labelled])
    predicted, sureness = strata_of(probabilities)
    counted = np.zeros_like(window.strata)
    np.add.at(counted, (predicted, sureness), 1)
    # A row that came to the log after the window was read has no group there.
    weights = (window.strata / np.maximum(counted, 1))[predicted, sureness]
    if not weights.sum():
        weights = np.ones(len(labelled))
    table = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(table, (truth, predicted), weights)
    share = float(np.trace(table) / table.sum())
    return RealisedQuality(
        answers=len(labelled),
        sources=dict(sorted(Counter(one.source for one in labelled).items())),
        covered=float(window.strata[counted > 0].sum() / window.texts),
        accuracy=_interval(share, float(weights.sum() ** 2 / (weights**2).sum())),
        macro_f1=_macro_f1(table) if len(labelled) >= _LEAST_FOR_F1 else None,
    )


def _interval(share: float, effective: float) -> Interval:
    """Return Wilson's interval for an effective number of answers."""
    n = max(1, round(effective))
    found = wilson(round(share * n), n)
    return Interval(share, min(found.low, share), max(found.high, share), found.level)


def _macro_f1(table: np.ndarray) -> float:
    size = table.sum(axis=0) + table.sum(axis=1)
    present = table.sum(axis=1) > 0
    return float((2 * np.diagonal(table) / np.where(size > 0, size, 1.0))[present].mean())
