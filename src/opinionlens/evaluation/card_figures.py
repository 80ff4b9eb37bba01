"""The figures that a model's card shows of one set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opinionlens.evaluation import confusion
from opinionlens.evaluation.codes import Codes, Floats, rows_that_match
from opinionlens.evaluation.intervals import bootstrap, wilson
from opinionlens.evaluation.own_data import vader_codes
from opinionlens.evaluation.polarity import by_sign, is_two_class
from opinionlens.evaluation.reliability import expected_calibration_error


def card_figures(
    truth: Codes,
    probabilities: Floats,
    uncertain: Sequence[bool],
    compounds: Sequence[float],
    *,
    seed: int,
    resamples: int,
) -> dict[str, float | None]:
    """Return the figures of one set of texts.

    Intervals are of 95 %. Where no text is neutral the sign decides, as in `own_data`.

    Args:
        truth: codes of the labels (n,).
        probabilities: (n, 3), in the order of `LABELS`.
        uncertain: whether each answer is marked (n,).
        compounds: VADER's compound value of each text (n,).
        seed: of the bootstrap.
        resamples: of the bootstrap.

    Raises:
        ValueError: there are no rows, or not the same ones everywhere.
    """
    marked, values = np.asarray(uncertain, dtype=np.bool_), np.asarray(compounds, dtype=np.float64)
    rows_that_match(truth, probabilities, marked, values)
    if is_two_class(truth):
        probabilities = by_sign(probabilities)
    predicted = probabilities.argmax(axis=1)
    wrong = predicted != truth
    right = wilson(int((~wrong).sum()), len(truth))
    macro = bootstrap(truth, predicted, seed=seed, resamples=resamples)
    vader = confusion.confusion_table(truth, vader_codes(values, truth))
    return {
        "n": len(truth),
        "accuracy": right.value,
        "accuracy_low": right.low,
        "accuracy_high": right.high,
        "macro_f1": macro.value,
        "macro_f1_low": macro.low,
        "macro_f1_high": macro.high,
        "vader_macro_f1": float(confusion.macro_f1(vader)),
        "ece": expected_calibration_error(truth, probabilities),
        "uncertain": float(marked.mean()),
        "error_when_sure": None if marked.all() else float(wrong[~marked].mean()),
    }
