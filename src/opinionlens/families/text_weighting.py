"""The weighting of counts that linear families share.

It is a part of their search spaces.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from opinionlens.families.space import OneOf, Params, Real, Space, Unsearched
from opinionlens.features.counts import Counts, FloatArray
from opinionlens.features.spec import TermFrequency
from opinionlens.features.weighting import BlockWeighting, Weighting, inverse_deviation, smooth_idf

WEIGHTING_SPACE: Space = {
    "tf": OneOf("binary", ("binary", "log")),
    "idf": OneOf(True, (True, False)),
    "char_factor": Real(1.0, 0.6, 1.4),
    # Quality is the same from 0.05 to 0.5; liblinear is ten times slower at 0.5 than at 0.1.
    "lexicon_factor": Unsearched(0.1),
}


def linear_weighting(counts: Counts, params: Params) -> Weighting:
    """Return the weighting of every block of `counts`.

    Args:
        counts: the counted texts.
        params: parameters of `WEIGHTING_SPACE`.
    """

    def text_block(name: str, factor: float) -> BlockWeighting | None:
        block = getattr(counts, name)
        if block is None:
            return None
        scale = smooth_idf(block) if params["idf"] else np.ones(block.shape[1])
        return BlockWeighting(cast(TermFrequency, params["tf"]), scale, normalise=True, factor=factor)

    return Weighting(
        words=text_block("words", 1.0),
        chars=text_block("chars", float(params["char_factor"])),
        lexicon=dense_weighting(counts.lexicon, float(params["lexicon_factor"])),
        opinions=dense_weighting(counts.opinions, float(params["lexicon_factor"])),
    )


def dense_weighting(values: FloatArray | None, factor: float) -> BlockWeighting | None:
    """Return the weighting of dense values to equal deviations.

    They are multiplied by `factor`; None where none are counted.
    """
    if values is None:
        return None
    return BlockWeighting("count", inverse_deviation(values), normalise=False, factor=factor)


def occurrence_weighting(counts: Counts) -> Weighting:
    """Return the weighting to plain presence and dense values.

    A tree can put thresholds on these. Characters are left out unless there are no words: their columns
    repeat one another, and make a tree hard to read.
    """

    def presence(name: str) -> BlockWeighting:
        return BlockWeighting("binary", np.ones(getattr(counts, name).shape[1]), normalise=False)

    return Weighting(
        words=presence("words") if counts.words is not None else None,
        chars=presence("chars") if counts.words is None and counts.chars is not None else None,
        lexicon=dense_weighting(counts.lexicon, 1.0),
        opinions=dense_weighting(counts.opinions, 1.0),
    )
