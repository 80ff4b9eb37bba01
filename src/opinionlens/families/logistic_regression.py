"""Logistic regression, one class against the rest.

Its probabilities need the least calibration.
"""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression

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
    """Fit with liblinear in the dual.

    It is 3 to 5 times faster than lbfgs on the multinomial loss, and as good.
    """
    weighting = linear_weighting(counts, params)

    def make() -> LogisticRegression:
        return LogisticRegression(
            C=float(params["C"]),
            solver="liblinear",
            dual=True,
            tol=TOLERANCE,
            max_iter=MAX_ITERATIONS,
            random_state=seed,
        )

    found = fit_one_vs_rest(make, weighting.apply(counts), codes, weights=weights)
    return LinearEstimator(classes, weighting, found.coef, found.intercept, found.converged)


LOGISTIC_REGRESSION = Family(
    name="logistic_regression",
    title="Logistic regression",
    kind="linear",
    space={
        "C": Real(2.0, 0.7, 6.0, log=True),
        "balance": Real(0.5, 0.2, 1.0),
        **WEIGHTING_SPACE,
    },
    fit_estimator=fit,
)
