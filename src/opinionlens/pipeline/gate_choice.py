"""The gate of a model of several sources.

Quantiles of all validation texts open the gate for whatever a source holds. Some sources are like any text,
such as titles and plain sentences, and there the general expert may be the better one. The validation texts
tell: how each of the two answers them is known (docs/decisions/0045).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from opinionlens.classifiers.linear.general_expert import TextLikeness, parts_of
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.evaluation.confusion import confusion_table, macro_recall
from opinionlens.pipeline.text_readings import TextReading
from opinionlens.text.general import is_prose

# Of a smaller source the score is mostly chance; of a larger one so many texts tell enough.
_LEAST_OF_A_SOURCE, _MOST_OF_A_SOURCE = 100, 20_000
# Steps of the mean logarithm of how much more frequent a text's words are here than in English at large.
_LATER = np.arange(0.0, 1.6, 0.1)
_WIDTHS = np.arange(0.2, 1.7, 0.2)
# Neighbouring gates differ by chance, so the mean of the best is taken.
_BEST = 5


@dataclass(frozen=True, eq=False)
class _AnsweredTexts:
    """Texts of one source, as model and expert answer them."""

    likeness: NDArray[np.float64]
    codes: NDArray[np.int64]
    model: NDArray[np.float64]
    expert: NDArray[np.float64]

    def recall(self, low: float, high: float, floor: float, columns: NDArray[np.int64]) -> float:
        """Return the macro recall behind a gate."""
        share = np.clip((self.likeness - low) / (high - low), 0.0, 1.0)
        model, expert = parts_of(share, floor)
        mixed = model[:, None] * self.model + expert[:, None] * self.expert
        return float(macro_recall(confusion_table(self.codes, columns[mixed.argmax(axis=1)])))


def choose_gate(
    general: GeneralWeights,
    readings: Sequence[TextReading],
    codes: NDArray[np.int64],
    decisions: NDArray[np.float64],
    columns: NDArray[np.int64],
) -> GeneralWeights:
    """Return the weights with the best gate for several sources.

    It has the best mean macro recall, in which each source counts alike, and is never more open than the
    given one. With one source there is nothing to compare, and the weights stay.

    Args:
        general: expert and gate, by quantiles.
        readings: validation texts.
        codes: their labels.
        decisions: the model's decision values (n, k) for them, without the expert's part.
        columns: the label code of each column of `decisions`.
    """
    rows_of_sources = _rows_of_sources(readings)
    if len(rows_of_sources) < 2:
        return general
    likeness = TextLikeness(general.terms, general.likeness, general.unseen)

    def answered(rows: NDArray[np.int64]) -> _AnsweredTexts:
        texts = [readings[row] for row in rows.tolist()]
        values = np.array([one.general for one in texts])
        return _AnsweredTexts(
            np.array([likeness.of(one.tokens) for one in texts]),
            codes[rows],
            decisions[rows],
            values @ general.coef.T + general.intercept,
        )

    return _best_gate(general, [answered(rows) for rows in rows_of_sources], columns)


def _best_gate(
    general: GeneralWeights, sources: Sequence[_AnsweredTexts], columns: NDArray[np.int64]
) -> GeneralWeights:
    def mean_recall(low: float, high: float) -> float:
        return float(np.mean([one.recall(low, high, general.floor, columns) for one in sources]))

    lows = general.low + _LATER
    gates = [(low, low + width) for low, width in product(lows.tolist(), _WIDTHS.tolist())]
    gates = [(low, high) for low, high in gates if high >= general.high]
    best = sorted(gates, key=lambda gate: -mean_recall(*gate))[:_BEST]
    if not best:
        return general
    low, high = np.mean(best, axis=0).tolist()
    if mean_recall(low, high) <= mean_recall(general.low, general.high):
        return general
    return replace(general, low=low, high=high)


def _rows_of_sources(readings: Sequence[TextReading]) -> list[NDArray[np.int64]]:
    """Return the rows of each source that is large enough.

    What is no prose is answered without the gate, and left out.
    """
    prose = np.array([is_prose(one.text, one.pieces) for one in readings], dtype=np.bool_)
    named = np.array([one.source for one in readings])
    found = [np.flatnonzero((named == source) & prose) for source in np.unique(named)]
    return [
        rows[:: math.ceil(len(rows) / _MOST_OF_A_SOURCE)] for rows in found if len(rows) >= _LEAST_OF_A_SOURCE
    ]
