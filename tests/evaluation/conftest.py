"""Rows to evaluate on: made up, but with the traits of real ones (unequal classes that overlap)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rows:
    codes: NDArray[np.intp]
    decisions: NDArray[np.float64]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """6,000 rows whose true log-odds are known: the truth is drawn from softmax(decisions)."""
    generator = np.random.default_rng(7)
    decisions = generator.normal(0.0, 1.5, size=(6000, 3)) + np.array([0.4, 0.2, -0.6])
    chances = np.exp(decisions) / np.exp(decisions).sum(axis=1, keepdims=True)
    codes = (generator.random((6000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    return Rows(codes.astype(np.intp), decisions)


def softmax_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(values - values.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def softmax():  # type: ignore[no-untyped-def]
    """An independent softmax."""
    return softmax_of
