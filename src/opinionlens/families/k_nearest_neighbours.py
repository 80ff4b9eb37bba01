"""K nearest neighbours, by the angle between weighted counts."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from opinionlens.families.column_selection import narrowed
from opinionlens.families.estimator import SklearnEstimator
from opinionlens.families.family import Codes, Family
from opinionlens.families.space import OneOf, Params, Real, Whole
from opinionlens.families.text_weighting import linear_weighting
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
) -> SklearnEstimator:
    """Store the weighted texts.

    `seed`, `weights` and `groups` are not used: nothing is drawn, and neighbours vote alike.
    """
    plain = linear_weighting(counts, {**params, "tf": "binary", "idf": True})
    weighting, columns = narrowed(plain, counts, codes, int(params["terms"]))
    model = KNeighborsClassifier(
        n_neighbors=min(int(params["neighbours"]), counts.n),
        weights=str(params["weights"]),
        metric="cosine",
        algorithm="brute",  # the only one for sparse rows
    )
    model.fit(weighting.apply(counts)[:, columns], codes)
    return SklearnEstimator(classes, weighting, columns.astype(np.int64), model)


K_NEAREST_NEIGHBOURS = Family(
    name="k_nearest_neighbours",
    title="K nearest neighbours",
    kind="skops",
    space={
        "neighbours": Whole(25, 5, 80, log=True),
        "weights": OneOf("distance", ("uniform", "distance")),
        "terms": Whole(2000, 300, 10_000, log=True),
        "char_factor": Real(1.0, 0.3, 2.0),
        "lexicon_factor": Real(0.05, 0.02, 0.2, log=True),
    },
    fit_estimator=fit,
)
