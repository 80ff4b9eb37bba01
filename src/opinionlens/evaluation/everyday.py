"""Everyday sentences, labelled and of different kinds.

They are like the first texts that new users try, and have kinds that sums of words get wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from opinionlens.evaluation.codes import label_codes, rows_that_match
from opinionlens.evaluation.intervals import wilson

# Of these kinds a wrong prediction may not be confident: "No complaints" is no complaint.
NEGATED_KINDS = frozenset({"negation", "lexical_negation"})
SURE = 0.9


@dataclass(frozen=True)
class EverydaySentences:
    """Labelled sentences, each of a kind."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EverydayResult:
    """A classifier's result on the everyday sentences.

    Attributes:
        kinds: of each sentence.
        is_right: whether the answer was right (n,).
        sure_and_wrong: wrong answers above a confidence of 0.9 to negated sentences.
    """

    kinds: tuple[str, ...]
    is_right: NDArray[np.bool_]
    sure_and_wrong: int

    def as_dict(self) -> dict[str, Any]:
        """Return the accuracy in all and by kind.

        With its interval of 95 %.
        """
        right, n = int(self.is_right.sum()), len(self.is_right)
        interval = wilson(right, n)
        kinds = np.array(self.kinds)
        return {
            "n": n,
            "accuracy": right / n,
            "accuracy_low": interval.low,
            "accuracy_high": interval.high,
            "sure_and_wrong": self.sure_and_wrong,
            "kinds": {
                kind: {
                    "n": int((kinds == kind).sum()),
                    "accuracy": float(self.is_right[kinds == kind].mean()),
                }
                for kind in dict.fromkeys(self.kinds)
            },
        }


def score_everyday(sentences: EverydaySentences, probabilities: NDArray[np.floating]) -> EverydayResult:
    """Compare predictions of the sentences with their labels.

    Args:
        sentences: those that were predicted.
        probabilities: one column per label in the order of `LABELS` (n, 3).
    """
    codes = label_codes(sentences.labels)
    rows_that_match(codes, probabilities)
    is_right = probabilities.argmax(axis=1) == codes
    is_negated = np.array([kind in NEGATED_KINDS for kind in sentences.kinds], dtype=np.bool_)
    bold = ~is_right & is_negated & (probabilities.max(axis=1) > SURE)
    return EverydayResult(sentences.kinds, is_right, int(bold.sum()))


def chance_of_no_change(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return McNemar's exact two-sided p-value.

    For paired right and wrong answers.
    """
    gained, lost = int((~one & other).sum()), int((one & ~other).sum())
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
