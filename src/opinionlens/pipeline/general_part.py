"""The general expert beside the n-grams: fitted on the training texts, mixed in before the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opinionlens.classifiers.general_expert import GeneralExpert, Mixture
from opinionlens.classifiers.general_weights import GeneralWeights
from opinionlens.evaluation.calibration import fit_temperature
from opinionlens.families.general_expert import FLOOR, count_domain_words, fit_expert, gate_bounds
from opinionlens.text.features import FeatureSpec
from opinionlens.text.general import general_values
from opinionlens.text.labels import Label
from opinionlens.text.repeats import evidence_length


@dataclass(frozen=True, eq=False)
class TextReadings:
    """What the calibration and the general expert need of texts.

    Attributes:
        texts: as they are.
        pieces: of each text.
        tokens: of each text.
        lengths: as `evidence_length` counts them (n,).
    """

    texts: Sequence[str]
    pieces: Sequence[Sequence[str]]
    tokens: Sequence[Sequence[str]]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, spec: FeatureSpec, texts: Sequence[str]) -> TextReadings:
        """Read texts."""
        plain = replace(spec, lexicon=False)
        read = [plain.pieces_tokens_lexicon(text) for text in texts]
        tokens = [one[1] for one in read]
        lengths = np.array([evidence_length(one) for one in tokens], dtype=np.int64)
        return cls(texts, [one[0] for one in read], tokens, lengths)

    def __add__(self, other: TextReadings) -> TextReadings:
        """Return both, one behind the other."""
        return TextReadings(
            [*self.texts, *other.texts],
            [*self.pieces, *other.pieces],
            [*self.tokens, *other.tokens],
            np.concatenate([self.lengths, other.lengths]),
        )


def fit_general(
    readings: Mapping[str, TextReadings],
    codes: NDArray[np.int64],
    decisions: NDArray[np.float64],
    classes: tuple[Label, ...],
) -> GeneralWeights:
    """Fit the expert and the gate.

    Args:
        readings: of `train` and `val`; the words are counted in the first, the gate opens by the second.
        codes: labels of both, in that order.
        decisions: decision values of the n-grams for both, from models without them.
        classes: what the columns of `decisions` mean.
    """
    train, val = readings["train"], readings["val"]
    words = count_domain_words(train.tokens)
    values = [
        general_values(text, pieces)
        for one in (train, val)
        for text, pieces in zip(one.texts, one.pieces, strict=True)
    ]
    scale = fit_temperature(decisions, codes, classes).scale[0]
    expert = fit_expert(np.array(values), codes, scale=scale)
    # The bounds are not known yet: any do for the likeness.
    closed = GeneralWeights(
        expert.coef, expert.intercept, words.terms, words.likeness, words.unseen, 0.0, 1.0, FLOOR
    )
    gate = GeneralExpert(closed).gate
    low, high = gate_bounds(np.array([gate.likeness(tokens) for tokens in val.tokens]))
    return replace(closed, low=low, high=high)


def mix(
    general: GeneralWeights, readings: TextReadings, decisions: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[Mixture]]:
    """Return decision values (n, k) with the expert's part, and how much each part counts."""
    expert = GeneralExpert(general)
    read = [
        expert.read(text, pieces, tokens)
        for text, pieces, tokens in zip(readings.texts, readings.pieces, readings.tokens, strict=True)
    ]
    mixtures = [mixture for mixture, _ in read]
    return expert.mix_many(decisions, mixtures, [values for _, values in read]), mixtures
