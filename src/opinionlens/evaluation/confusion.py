"""Confusion tables and their scores.

Every function takes one table or a stack of resampled ones. A table has the truth in its rows and the
prediction in its columns; leading axes are kept. Macro averages run over the classes that occur in the truth:
a class absent from a slice has no recall, and calling its F1 zero would punish a model for the slice. Rows
wrongly given to an absent class still count: they are missing from their own class.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.codes import Codes, Counts, Floats, rows_that_match
from opinionlens.text.labels import LABELS

Statistic = Callable[[Counts], Floats]
"""From tables (..., k, k) to one number per table."""


def confusion_table(truth: Codes, predicted: Codes) -> Counts:
    """Return the counts of true (row) and predicted (column) labels."""
    rows_that_match(truth, predicted)
    k = len(LABELS)
    return np.bincount(truth * k + predicted, minlength=k * k).reshape(k, k).astype(np.int64)


def accuracy(tables: Counts) -> Floats:
    """Return the share of rows on the diagonal."""
    return _ratio(np.trace(tables, axis1=-2, axis2=-1), tables.sum(axis=(-2, -1)))


def class_precision(tables: Counts) -> Floats:
    """Return, per class, the right share of its predictions.

    0 for a class that is never predicted.
    """
    return _ratio(_hits(tables), tables.sum(axis=-2))


def class_recall(tables: Counts) -> Floats:
    """Return, per class, the share of its rows found.

    0 for a class without rows.
    """
    return _ratio(_hits(tables), tables.sum(axis=-1))


def class_f1(tables: Counts) -> Floats:
    """Return, per class, 2 hits / (rows + predictions)."""
    return _ratio(2 * _hits(tables), tables.sum(axis=-1) + tables.sum(axis=-2))


def macro_precision(tables: Counts) -> Floats:
    """Return the mean precision of classes in the truth."""
    return _mean_of_present(class_precision(tables), tables)


def macro_recall(tables: Counts) -> Floats:
    """Return the mean recall of classes in the truth."""
    return _mean_of_present(class_recall(tables), tables)


def macro_f1(tables: Counts) -> Floats:
    """Return the mean F1 of classes in the truth."""
    return _mean_of_present(class_f1(tables), tables)


def _hits(tables: Counts) -> Counts:
    return np.diagonal(tables, axis1=-2, axis2=-1)


def _mean_of_present(values: Floats, tables: Counts) -> Floats:
    present = tables.sum(axis=-1) > 0
    return _ratio((values * present).sum(axis=-1), present.sum(axis=-1))


def _ratio(above: NDArray[np.number], below: NDArray[np.integer]) -> Floats:
    # "x / 0" is 0 here by the conventions documented above; each caller says where that can happen.
    return np.asarray(above / np.maximum(below, 1), dtype=np.float64)
