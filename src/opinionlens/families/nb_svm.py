"""NB-SVM: a support vector machine on naive Bayes ratios.

After Wang and Manning (2012). Terms are scaled by how strongly they tell a class from the rest: by naive
Bayes' log-ratio, one per class, so each class is fitted to its own matrix. Two choices of ours, measured on
validation data: it is multiplied on after the rows have been brought to length 1 (then it folds into the
coefficients and one matrix remains; the other order was 0.003 worse on tweets and equal on film reviews), and
it is softened by a floor, because the plain ratio silences every term that is as likely in a class as in the
rest (0.003 of macro F1 on tweets).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.svm import LinearSVC

from opinionlens.families.estimator import LinearEstimator
from opinionlens.families.family import Codes, Family
from opinionlens.families.one_vs_rest import MAX_ITERATIONS, TOLERANCE, fit_one_vs_rest
from opinionlens.families.space import OneOf, Params, Real, Unsearched
from opinionlens.families.text_weighting import WEIGHTING_SPACE, linear_weighting
from opinionlens.features.counts import Counts, Csr, FloatArray
from opinionlens.features.spec import DENSE_BLOCKS
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
    """Fit each class to a matrix scaled by its ratios."""
    weighting = linear_weighting(counts, params)
    smoothing, floor = float(params["smoothing"]), float(params["ratio_floor"])
    ratios = np.vstack(list(_ratios(counts, codes, groups, smoothing, floor)))

    def make() -> LinearSVC:
        return LinearSVC(
            C=float(params["C"]), dual=True, tol=TOLERANCE, max_iter=MAX_ITERATIONS, random_state=seed
        )

    found = fit_one_vs_rest(make, weighting.apply(counts), codes, ratios, weights=weights)
    return LinearEstimator(classes, weighting, found.coef, found.intercept, found.converged)


def _ratios(
    counts: Counts, codes: Codes, groups: Codes, smoothing: float, floor: float
) -> Iterator[FloatArray]:
    """Yield a factor per column, class by class.

    Its sign would change nothing, as the coefficient has one. Dense values are no terms: they keep 1.
    """
    for code in np.unique(codes):
        yield np.concatenate(
            [
                np.ones(block.shape[1])
                if name in DENSE_BLOCKS
                else np.hypot(grouped_log_ratio(block, codes == code, groups, smoothing), floor)
                for name, block in counts.blocks()
            ]
        )


def grouped_log_ratio(
    block: Csr, target: npt.NDArray[np.bool_], groups: Codes, smoothing: float
) -> FloatArray:
    """Return each term's log-ratio inside the groups, averaged.

    A group counts as often as it has the term, divided by the square of the number of terms in its texts: one
    of n terms has a part of 1 / n in the label, and that much less is learnt of it. A ratio over all groups
    at once would say which source a term comes from: beside film reviews, which are never neutral, every word
    of tweets seems to be.
    """
    told = [group for group in np.unique(groups) if 0 < target[groups == group].mean() < 1]
    if not told or len(told) == len(np.unique(groups)) == 1:
        return log_ratio(block, target, smoothing)
    total, uses = np.zeros(block.shape[1]), np.zeros(block.shape[1])
    for group in told:
        inside = groups == group
        part = block[inside]
        held = np.bincount(part.indices, minlength=block.shape[1])
        share = held / max(part.nnz / part.shape[0], 1.0) ** 2
        total += share * log_ratio(part, target[inside], smoothing)
        uses += share
    return np.asarray(total / np.where(uses > 0, uses, 1.0), dtype=np.float64)


def log_ratio(block: Csr, target: npt.NDArray[np.bool_], smoothing: float) -> FloatArray:
    """Return each term's log-ratio of target and rest.

    It is ln of how much likelier a text of the target has the term than a text of the rest.
    """
    held: npt.NDArray[Any] = np.bincount(block.indices, minlength=block.shape[1])
    inside = np.bincount(block[target].indices, minlength=block.shape[1])
    likelier = smoothing + inside
    otherwise = smoothing + held - inside
    ratio: FloatArray = np.log(likelier / likelier.sum()) - np.log(otherwise / otherwise.sum())
    return ratio


NB_SVM = Family(
    name="nb_svm",
    title="NB-SVM (support vector machine on naive-Bayes ratios)",
    kind="linear",
    space={
        "C": Real(0.25, 0.1, 6.0, log=True),  # three classes want 0.3, two classes of long texts 4
        "balance": Real(0.5, 0.2, 1.0),
        "ratio_floor": Real(0.5, 0.05, 1.0, log=True),
        "smoothing": Unsearched(1.0),
        **WEIGHTING_SPACE,
        "idf": OneOf(False, (True, False)),  # the ratio already says how much a term matters
    },
    fit_estimator=fit,
)
