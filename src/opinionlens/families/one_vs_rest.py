"""Fitting of one binary linear model per class with liblinear."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from opinionlens.features.counts import Csr, FloatArray

Codes = npt.NDArray[np.int64]
MakeModel = Callable[[], Any]

# liblinear's own default (1e-4 in scikit-learn) takes twice the time for the same scores to four digits.
TOLERANCE = 1e-2
# Ten times the need of the search spaces; the limit is there for data that cannot be separated at a large C.
MAX_ITERATIONS = 2000


@dataclass(frozen=True, eq=False)
class LinearFit:
    """Coefficients and intercepts, one row per class."""

    coef: FloatArray
    intercept: FloatArray
    converged: bool


def fit_one_vs_rest(
    make_model: MakeModel,
    matrix: Csr,
    codes: Codes,
    ratios: FloatArray | None = None,
    *,
    weights: FloatArray | None = None,
) -> LinearFit:
    """Fit each class in `codes` against the rest.

    With two classes one fit is enough: its decision value is split evenly, so the two rows are opposites.

    Args:
        make_model: an unfitted scikit-learn model that has `coef_`, `intercept_`, `n_iter_` and `max_iter`.
        matrix: texts by columns.
        codes: the class of each text.
        ratios: one row per class, multiplied onto the matrix for its fit and then into its coefficients.
        weights: how much each text counts; None: all alike.
    """
    present = np.unique(codes)
    fits = [
        fit_binary(make_model(), matrix, codes == code, weights, None if ratios is None else ratios[row])
        for row, code in enumerate(present)
        if len(present) > 2 or row == 1
    ]
    coef = np.vstack([fit.coef for fit in fits])
    intercept = np.concatenate([fit.intercept for fit in fits])
    if len(present) == 2:
        coef, intercept = np.vstack((-coef, coef)) / 2, np.concatenate((-intercept, intercept)) / 2
    return LinearFit(coef, intercept, all(fit.converged for fit in fits))


def average(fits: Sequence[LinearFit]) -> LinearFit:
    """Return the model with the mean of their decision values."""
    return LinearFit(
        np.mean([fit.coef for fit in fits], axis=0),
        np.mean([fit.intercept for fit in fits], axis=0),
        all(fit.converged for fit in fits),
    )


def fit_binary(
    model: Any,  # noqa: ANN401 - LinearSVC or LogisticRegression
    matrix: Csr,
    target: npt.NDArray[np.bool_],
    weights: FloatArray | None,
    ratio: FloatArray | None = None,
) -> LinearFit:
    """Fit one model to a class and the rest.

    Args:
        model: as `fit_one_vs_rest` makes it, with one row of coefficients.
        matrix: texts by columns.
        target: whether a text is of the class.
        weights: how much each text counts; None: all alike.
        ratio: multiplied onto the matrix for the fit and then into the coefficients.
    """
    seen = matrix if ratio is None else _scale_columns(matrix, ratio)
    with warnings.catch_warnings():
        # Not swallowed: it becomes `converged`, which travels with the estimator and is tracked.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(seen, target, sample_weight=weights)
    coef = model.coef_ if ratio is None else model.coef_ * ratio
    return LinearFit(coef, np.atleast_1d(model.intercept_), bool(np.max(model.n_iter_) < model.max_iter))


def _scale_columns(matrix: Csr, ratio: FloatArray) -> Csr:
    scaled = matrix.copy()
    scaled.data *= ratio[scaled.indices]
    return scaled
