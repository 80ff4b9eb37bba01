"""Labels as codes, and probabilities in the order of `LABELS`.

All functions here compute with these two arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opinionlens.text.labels import LABELS, Label

Codes = NDArray[np.intp]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

# fastText's rows sum to as much as 1.00002 (FACTS: traps); a wrong column would be off by far more.
_SUM_TOLERANCE = 1e-3


def label_codes(labels: Sequence[str] | NDArray[np.integer]) -> Codes:
    """Return the positions of the labels in `LABELS`.

    An integer array is taken for positions and checked.

    Raises:
        ValueError: a label or a code that does not exist, or no rows at all.
    """
    if isinstance(labels, np.ndarray) and np.issubdtype(labels.dtype, np.integer):
        codes = labels.astype(np.intp)
    else:
        positions = {label.value: position for position, label in enumerate(LABELS)}
        unknown = sorted({str(label) for label in labels} - positions.keys())
        if unknown:
            raise ValueError(f"Unknown labels {unknown}; known are {list(positions)}.")
        codes = np.array([positions[str(label)] for label in labels], dtype=np.intp)
    if codes.ndim != 1 or not codes.size:
        raise ValueError(f"Expected one label per row and at least one row, got shape {codes.shape}.")
    if codes.min() < 0 or codes.max() >= len(LABELS):
        raise ValueError(f"A code lies outside 0..{len(LABELS) - 1}.")
    return codes


def in_label_order(probabilities: NDArray[np.floating], classes: Sequence[Label] = LABELS) -> Floats:
    """Return probabilities with columns in the order of `LABELS`.

    A class that the model lacks has probability 0.

    Raises:
        ValueError: the columns do not fit `classes`, or a row is no distribution.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != len(classes) or len(set(classes)) != len(classes):
        raise ValueError(f"Probabilities of shape {given.shape} do not fit the classes {list(classes)}.")
    sums_to_one = np.abs(given.sum(axis=1) - 1.0) <= _SUM_TOLERANCE
    if not (np.isfinite(given).all() and (given >= 0).all() and sums_to_one.all()):
        raise ValueError("Each row of probabilities must be finite, not negative, and sum to 1.")
    ordered = np.zeros((len(given), len(LABELS)))
    ordered[:, [LABELS.index(label) for label in classes]] = given
    return ordered


def rows_that_match(codes: Codes, *columns: NDArray[np.generic]) -> None:
    """Refuse arrays of different length.

    Raises:
        ValueError: a column has more or fewer rows than there are codes.
    """
    lengths = {len(codes), *(len(column) for column in columns)}
    if len(lengths) > 1:
        raise ValueError(f"The same rows are expected everywhere, got lengths {sorted(lengths)}.")
