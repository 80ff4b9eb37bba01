"""Explanations: contributions that add up to a decision.

They have places in the original text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.text.labels import Label
from opinionlens.text.recipe import Token

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Contribution:
    """One feature's addition to the decision values, per label.

    It is the sum over the feature's places. Places are in code points of the original text. A word n-gram
    reaches from its first token to its last. A character n-gram covers its whole token: the token's letters
    are not always those that were written.

    Attributes:
        feature: its name in the vocabulary.
        block: the block of features it belongs to.
        values: its addition, per label of the explanation.
        spans: every place where it was found.
        parts: its addition at each place; empty where it is the same everywhere.
    """

    feature: str
    block: str
    values: tuple[float, ...]
    spans: tuple[Span, ...]
    # A long text has tens of thousands of places: an object for each would cost more than the prediction.
    parts: tuple[tuple[float, ...], ...] = ()

    def values_by_place(self) -> FloatArray:
        """Return the addition at each of `spans`, per label.

        Shape (places, k).
        """
        if self.parts:
            return np.array(self.parts)
        return np.broadcast_to(np.array(self.values) / len(self.spans), (len(self.spans), len(self.values)))


@dataclass(frozen=True, slots=True)
class TokenContribution:
    """A piece of the text with its summed contributions.

    The sum, per label, is over all features that the piece takes part in.
    """

    text: str
    start: int
    end: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Explanation:
    """The contributions to one decision.

    They and `bias` add up to `decision`, per label of `labels`, to 1e-9. `share` says how much the text is
    like the training texts: below 1 a general expert has a part in the decision, at 0 nearly all of it. The
    values are decision values, before calibration. Where the model is no sum of parts (`exact` is False) a
    contribution is the change that the token's removal makes, and `bias` is the remainder.
    """

    text: str
    labels: tuple[Label, ...]
    decision: tuple[float, ...]
    bias: tuple[float, ...]
    contributions: tuple[Contribution, ...]
    tokens: tuple[Token, ...]
    prediction: Prediction
    exact: bool = True
    share: float = 1.0

    def by_token(self) -> tuple[TokenContribution, ...]:
        """Return the pieces of the text with their sums.

        They are in the order of the text, and add up to `decision` with `bias`. A piece is a token, or a sign
        that only the lexicon reads (an exclamation mark that the recipe drops). A contribution that spans
        several tokens is split evenly over them.
        """
        tokens = sorted({(token.start, token.end) for token in self.tokens})
        sums, outside = self._sums_by_place(tokens)
        stretches = [*zip(tokens, sums.tolist(), strict=True), *outside.items()]
        return tuple(
            TokenContribution(self.text[start:end], start, end, tuple(values))
            for (start, end), values in sorted(stretches)
        )

    def _sums_by_place(self, tokens: Sequence[Span]) -> tuple[FloatArray, dict[Span, list[float]]]:
        """Return the sums by token, and those outside of tokens.

        The former have the shape (n, k).
        """
        sums = np.zeros((len(tokens), len(self.labels)))
        outside: dict[Span, list[float]] = {}
        found = [one for one in self.contributions if one.spans]
        if not found:
            return sums, outside
        spans = np.array([span for one in found for span in one.spans])
        values = np.concatenate([one.values_by_place() for one in found])
        starts, ends = np.array(tokens, dtype=np.int64).reshape(-1, 2).T
        first = np.searchsorted(ends, spans[:, 0], side="right")
        covered = np.maximum(np.searchsorted(starts, spans[:, 1]) - first, 0)
        for offset in range(covered.max()):
            reached = covered > offset
            np.add.at(sums, first[reached] + offset, values[reached] / covered[reached, None])
        for place in np.flatnonzero(covered == 0):
            start, end = spans[place].tolist()
            before = outside.get((start, end), [0.0] * len(self.labels))
            outside[start, end] = [a + b for a, b in zip(before, values[place].tolist(), strict=True)]
        return sums, outside
