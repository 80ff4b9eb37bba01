"""Fitting the general expert beside the n-grams.

It is fitted on the training texts, and mixed in before the calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from opinionlens.classifiers.linear.general_expert import NO_VALUES, GeneralExpert, Mixture, TextLikeness
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.evaluation.calibration_fit import fit_temperature
from opinionlens.families.general_fit import FLOOR, count_domain_words, fit_expert, gate_bounds
from opinionlens.pipeline.gate_choice import choose_gate
from opinionlens.pipeline.text_readings import TextReading
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.repeats import evidence_length

# The values of a text grow with its length. Beside long reviews, which are never neutral, the few opinions of
# a short text would count as none (docs/decisions/0017), so the expert is fitted on texts of up to so many
# tokens, if each class has so many of them.
_MOST_TOKENS, _LEAST_OF_A_CLASS = 64, 200


def lengths_of(readings: Sequence[TextReading]) -> NDArray[np.int64]:
    """Return the length of each text (n,).

    As `evidence_length` counts it.
    """
    return np.array([evidence_length(one.tokens) for one in readings], dtype=np.int64)


def fit_general(
    readings: Mapping[str, Sequence[TextReading]],
    codes: NDArray[np.int64],
    decisions: NDArray[np.float64],
    classes: tuple[Label, ...],
) -> GeneralWeights:
    """Fit the expert and the gate.

    Args:
        readings: of `train` and `val`; the words are counted in the first, the gate opens by the second.
        codes: labels of both, in that order.
        decisions: decision values of the n-grams for both, from models without them.
        classes: the labels of the columns of `decisions`.
    """
    scale = fit_temperature(decisions, codes, classes).scale[0]
    answered = decisions[len(readings["train"]) :]
    return fit_general_at(readings, codes, answered, scale, classes=classes)


def fit_general_at(
    readings: Mapping[str, Sequence[TextReading]],
    codes: NDArray[np.int64],
    answered: NDArray[np.float64],
    scale: float,
    *,
    classes: tuple[Label, ...] = LABELS,
    floor: float = FLOOR,
    further: Sequence[TextReading] = (),
) -> GeneralWeights:
    """Fit expert and gate beside a model of known scale.

    Args:
        readings: as for `fit_general`.
        codes: as for `fit_general`.
        answered: the model's decision values (n, k) for the validation texts.
        scale: the factor from the model's decision values to logits.
        classes: the labels of the columns of `answered`.
        floor: the factor of the model's decision values in texts that are like none of these.
        further: texts without labels that the model learnt from, too.
    """
    train, val = readings["train"], readings["val"]
    words = count_domain_words(one.tokens for one in (*train, *further))
    both = [*train, *val]
    rows = _rows_for_expert(both, codes)
    values = np.array([both[row].general for row in rows.tolist()])
    expert = fit_expert(values, codes[rows], scale=scale)
    likeness = TextLikeness(words.terms, words.likeness, words.unseen)
    low, high = gate_bounds(np.array([likeness.of(one.tokens) for one in val]))
    weights = GeneralWeights(
        expert.coef, expert.intercept, words.terms, words.likeness, words.unseen, low, high, floor
    )
    columns = np.array([LABELS.index(label) for label in classes])
    return choose_gate(weights, val, codes[len(train) :], answered, columns)


def _rows_for_expert(readings: Sequence[TextReading], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of the short texts.

    All numbers where a class has too few short texts.
    """
    short = np.flatnonzero([len(one.tokens) <= _MOST_TOKENS for one in readings])
    if all((codes[short] == code).sum() >= _LEAST_OF_A_CLASS for code in np.unique(codes)):
        return short
    return np.arange(len(readings))


def mix(
    general: GeneralWeights, readings: Sequence[TextReading], decisions: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[Mixture]]:
    """Return decision values with the expert's part, and mixtures.

    The decision values have the shape (n, k); a mixture says how much each part counts in a text.
    """
    expert = GeneralExpert(general)
    mixtures = [expert.mixture(one.text, one.pieces, one.tokens) for one in readings]
    values = [
        one.general if mixture.uses_values else NO_VALUES
        for one, mixture in zip(readings, mixtures, strict=True)
    ]
    return expert.mix_many(decisions, mixtures, values), mixtures
