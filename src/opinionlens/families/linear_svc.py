"""The linear support vector machine.

It is the strongest plain linear model on short texts.
"""

from __future__ import annotations

from sklearn.svm import LinearSVC

from opinionlens.families.estimator import LinearEstimator
from opinionlens.families.family import Codes, Family
from opinionlens.families.one_vs_rest import MAX_ITERATIONS, TOLERANCE, fit_one_vs_rest
from opinionlens.families.space import Params, Real
from opinionlens.families.text_weighting import WEIGHTING_SPACE, linear_weighting
from opinionlens.features.counts import Counts, FloatArray
from opinionlens.text.labels import Label


def fit(
    counts: Counts,
    codes: Codes,
    classes: tuple[Label, ...],
    params: Params,
    seed: int,
    weights: FloatArray,
    groups: Codes,
) -> LinearEstimator:
    """Fit with the squared hinge in the dual.

    That is fast for short rows with many columns.
    """
    weighting = linear_weighting(counts, params)

    def make() -> LinearSVC:
        return LinearSVC(
            C=float(params["C"]), dual=True, tol=TOLERANCE, max_iter=MAX_ITERATIONS, random_state=seed
        )

    found = fit_one_vs_rest(make, weighting.apply(counts), codes, weights=weights)
    return LinearEstimator(classes, weighting, found.coef, found.intercept, found.converged)


LINEAR_SVC = Family(
    name="linear_svc",
    title="Linear support vector machine",
    kind="linear",
    space={
        "C": Real(0.2, 0.05, 1.0, log=True),
        "balance": Real(0.5, 0.2, 1.0),
        **WEIGHTING_SPACE,
    },
    fit_estimator=fit,
)
