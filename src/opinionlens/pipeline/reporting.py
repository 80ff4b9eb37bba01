"""Scores as metrics files, all of one shape.

With n and intervals, and without times and run ids.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.intervals import bootstrap, wilson
from opinionlens.evaluation.scores import ModelScores

# Digits that a score of a few thousand rows can bear, and that two machines agree on.
_DIGITS = 5


def scores_with_intervals(
    scores: ModelScores,
    truth: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    """Return the scores of one set for a metrics file.

    Intervals are of 95 %.
    """
    predicted = probabilities.argmax(axis=1)
    macro = bootstrap(truth, predicted, seed=seed, resamples=resamples)
    right = wilson(int((truth == predicted).sum()), len(truth))
    plain: dict[str, Any] = {
        "n": scores.n,
        "accuracy": scores.accuracy,
        "accuracy_low": right.low,
        "accuracy_high": right.high,
        "macro_f1": scores.macro_f1,
        "macro_f1_low": macro.low,
        "macro_f1_high": macro.high,
        "macro_precision": scores.macro_precision,
        "macro_recall": scores.macro_recall,
        "roc_auc": scores.roc_auc,
        "log_loss": scores.log_loss,
        "ece": scores.ece,
    }
    for one in scores.per_class:
        plain[f"{one.label.lower()}_f1"] = one.f1
    result: dict[str, Any] = rounded(plain)
    return result


def rounded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value with floats rounded to five digits.

    An undefined score is left out.
    """
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items() if inner is not None}
    return round(value, _DIGITS) if isinstance(value, float) else value
