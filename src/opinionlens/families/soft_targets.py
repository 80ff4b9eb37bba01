"""Logistic regression on shares of the classes.

A student learns so from the answers of a teacher (Hinton, Vinyals and Dean, Distilling the knowledge in a
neural network, 2015): a text that the teacher is unsure of pulls towards several classes.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from opinionlens.families.estimator import LinearEstimator
from opinionlens.families.logistic_regression import LOGISTIC_REGRESSION
from opinionlens.families.one_vs_rest import MAX_ITERATIONS, TOLERANCE, LinearFit, fit_binary
from opinionlens.families.text_weighting import linear_weighting
from opinionlens.features.counts import Counts, Csr, FloatArray
from opinionlens.text.labels import LABELS

# A share below this says nothing, and its row would only cost time.
_LEAST_SHARE = 1e-3


def fit_to_shares(
    counts: Counts, shares: FloatArray, weights: FloatArray, *, strength: float, seed: int
) -> LinearEstimator:
    """Fit each class against the rest, by shares.

    Args:
        counts: the texts.
        shares: (n, k) of `LABELS`, rows summing to 1.
        weights: how much each text counts (n,).
        strength: C of the regression, the inverse of its penalty.
        seed: of the solver's order.
    """
    weighting = linear_weighting(counts, LOGISTIC_REGRESSION.defaults)
    matrix = weighting.apply(counts)
    fits = [
        _fit_class(matrix, shares[:, column], weights, strength=strength, seed=seed)
        for column in range(len(LABELS))
    ]
    return LinearEstimator(
        LABELS,
        weighting,
        np.vstack([fit.coef for fit in fits]),
        np.concatenate([fit.intercept for fit in fits]),
        all(fit.converged for fit in fits),
    )


def _fit_class(
    matrix: Csr, share: FloatArray, weights: FloatArray, *, strength: float, seed: int
) -> LinearFit:
    """Fit a class with each text as a weighted pair."""
    of_class, of_rest = (np.flatnonzero(part >= _LEAST_SHARE) for part in (share, 1 - share))
    model = LogisticRegression(
        C=strength, solver="liblinear", dual=True, tol=TOLERANCE, max_iter=MAX_ITERATIONS, random_state=seed
    )
    return fit_binary(
        model,
        sp.vstack((matrix[of_class], matrix[of_rest]), format="csr"),
        np.repeat([True, False], (len(of_class), len(of_rest))),
        np.concatenate((weights[of_class] * share[of_class], weights[of_rest] * (1 - share[of_rest]))),
    )
