"""Why a classifier decided as it did: contributions that add up, placed in the original text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from opinionlens.calibration import FloatArray
from opinionlens.text.labels import Label
from opinionlens.text.recipe import Token

if TYPE_CHECKING:
    from opinionlens.classifiers.classifier import Prediction

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a feature was found, in code points of the original text, and what it adds there, per label.

    A word n-gram reaches from its first token to its last; a character n-gram covers its whole token, because
    the token's letters are not always those that were written.
    """

    start: int
    end: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to the decision values, per label: the sum over its occurrences."""

    feature: str
    block: str
    values: tuple[float, ...]
    occurrences: tuple[Occurrence, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every place where it was found."""
        return tuple((found.start, found.end) for found in self.occurrences)


@dataclass(frozen=True, slots=True)
class TokenContribution:
    """What a stretch of the original text adds over all features that it takes part in, per label."""

    text: str
    start: int
    end: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Explanation:
    """Contributions plus `bias` equal `decision`, per label of `labels`, to 1e-9.

    The values are decision values, before calibration. Where the model is no sum of parts (`exact` is False)
    a contribution is what the token's removal changes, and `bias` is the remainder.
    """

    text: str
    labels: tuple[Label, ...]
    decision: tuple[float, ...]
    bias: tuple[float, ...]
    contributions: tuple[Contribution, ...]
    tokens: tuple[Token, ...]
    prediction: Prediction
    exact: bool = True

    def by_token(self) -> tuple[TokenContribution, ...]:
        """Return the stretches of the text with their sums, in order; with `bias` they add up to `decision`.

        A stretch is a token, or what only the lexicon looks at (an exclamation mark that the recipe drops).
        What spans several tokens is split evenly over them.
        """
        tokens = sorted({(token.start, token.end) for token in self.tokens})
        sums: dict[Span, FloatArray] = {span: np.zeros(len(self.labels)) for span in tokens}
        starts, ends = [start for start, _ in tokens], [end for _, end in tokens]
        for contribution in self.contributions:
            for found in contribution.occurrences:
                covered = tokens[bisect_right(ends, found.start) : bisect_left(starts, found.end)]
                share = np.asarray(found.values) / max(len(covered), 1)
                for span in covered or [(found.start, found.end)]:
                    sums[span] = sums.get(span, 0.0) + share
        stretches = (
            TokenContribution(self.text[start:end], start, end, tuple(values.tolist()))
            for (start, end), values in sums.items()
        )
        return tuple(sorted(stretches, key=attrgetter("start", "end")))
