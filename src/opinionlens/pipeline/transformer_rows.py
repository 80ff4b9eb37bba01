"""Rows for fine-tuning a Transformer, with their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class WeightedTexts:
    """Raw texts with label codes and weights in the loss.

    The weights have the mean 1.
    """

    texts: list[str]
    codes: NDArray[np.int64]
    weights: NDArray[np.float64]


def weighted_texts(
    texts: list[str],
    codes: NDArray[np.int64],
    agreement: NDArray[np.float64] | None,
    *,
    balance: bool,
    most: int | None,
    seed: int,
) -> WeightedTexts:
    """Return the rows to learn from, each with its weight.

    Args:
        texts: of the training split.
        codes: their labels.
        agreement: how far the annotators agreed on each; None to count all alike.
        balance: give each class that occurs the same sum of weights.
        most: rows; more are drawn by seed.
        seed: for the draw.
    """
    rows = np.arange(len(texts))
    if most is not None and most < len(texts):
        rows = np.sort(np.random.default_rng(seed).choice(len(texts), most, replace=False))
    chosen = codes[rows]
    weights = np.ones(len(rows)) if agreement is None else np.asarray(agreement, dtype=np.float64)[rows]
    if balance:
        sums = np.bincount(chosen, weights)
        weights = weights / sums[chosen]
    return WeightedTexts([texts[row] for row in rows], chosen, weights / weights.mean())
