"""Weights of long texts beside many short ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opinionlens.features.counts import FloatArray

# Words of a short text, and how many short and long texts there must be for either kind to have a say.
_SHORT, _LEAST_TEXTS = 64, 500
# What reviews of 230 words did to tweets was measured with this and with 0 (docs/decisions/0044).
_POWER = 0.5


def lengths_are_mixed(texts: Sequence[str]) -> bool:
    """Return whether many texts are short and many long."""
    long = int((_words(texts) > _SHORT).sum())
    return min(long, len(texts) - long) >= _LEAST_TEXTS


def length_weights(texts: Sequence[str]) -> FloatArray:
    """Return a weight per text that long ones lower.

    It is 1 up to 64 words, and falls with the root of the length. A classifier of many sources would
    otherwise be one of the longest texts: they hold most of the words.
    """
    weights: FloatArray = np.minimum(1.0, _SHORT / np.maximum(_words(texts), 1)) ** _POWER
    return weights


def _words(texts: Sequence[str]) -> FloatArray:
    return np.array([len(text.split()) for text in texts], dtype=np.float64)
