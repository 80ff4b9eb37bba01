"""Bagging of linear support vector machines.

Many fits to resampled texts are averaged into one matrix. Averaging decision values is averaging
coefficients, so the served model is as small and fast as a single one.
"""

from __future__ import annotations

import numpy as np
from sklearn.svm import LinearSVC

from opinionlens.families.estimator import LinearEstimator
from opinionlens.families.family import Codes, Family
from opinionlens.families.one_vs_rest import MAX_ITERATIONS, TOLERANCE, average, fit_one_vs_rest
from opinionlens.families.space import Params, Real, Whole
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
    """Fit one model to each resample, and average them.

    The weighting is that of all texts.
    """
    weighting = linear_weighting(counts, params)
    matrix = weighting.apply(counts)
    random = np.random.default_rng(seed)

    def make() -> LinearSVC:
        return LinearSVC(
            C=float(params["C"]), dual=True, tol=TOLERANCE, max_iter=MAX_ITERATIONS, random_state=seed
        )

    fits = []
    for _ in range(int(params["estimators"])):
        rows = _resample(codes, float(params["share"]), random)
        fits.append(fit_one_vs_rest(make, matrix[rows], codes[rows], weights=weights[rows]))
    found = average(fits)
    return LinearEstimator(classes, weighting, found.coef, found.intercept, found.converged)


def _resample(codes: Codes, share: float, random: np.random.Generator) -> Codes:
    """Draw rows with replacement, class by class.

    So no class is ever missing.
    """
    drawn = []
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        drawn.append(random.choice(members, size=max(1, round(share * len(members)))))
    return np.sort(np.concatenate(drawn))


BAGGING_LINEAR_SVC = Family(
    name="bagging_linear_svc",
    title="Bagging of linear support vector machines",
    kind="linear",
    space={
        "C": Real(0.2, 0.1, 1.0, log=True),
        "balance": Real(0.5, 0.2, 1.0),
        "estimators": Whole(8, 4, 12),
        "share": Real(0.8, 0.4, 1.0),
        **WEIGHTING_SPACE,
    },
    fit_estimator=fit,
)
