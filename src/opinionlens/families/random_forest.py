"""A random forest on the most telling words and lexicon."""

from __future__ import annotations

from sklearn.ensemble import RandomForestClassifier

from opinionlens.families.column_selection import narrowed
from opinionlens.families.estimator import SklearnEstimator
from opinionlens.families.family import Codes, Family
from opinionlens.families.space import OneOf, Params, Real, Whole
from opinionlens.families.text_weighting import occurrence_weighting
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
    """Grow the trees on one core.

    The trials of a study already share the machine.
    """
    weighting, columns = narrowed(occurrence_weighting(counts), counts, codes, int(params["terms"]))
    model = RandomForestClassifier(
        n_estimators=int(params["trees"]),
        criterion=str(params["criterion"]),
        max_depth=int(params["max_depth"]),
        min_samples_leaf=int(params["min_samples_leaf"]),
        n_jobs=1,
        random_state=seed,
    )
    seen = weighting.apply(counts)[:, columns]
    model.fit(seen, codes, sample_weight=weights)
    return SklearnEstimator(classes, weighting, columns, model)


RANDOM_FOREST = Family(
    name="random_forest",
    title="Random forest",
    kind="skops",
    space={
        "trees": Whole(100, 50, 200),
        "criterion": OneOf("gini", ("gini", "entropy")),
        "max_depth": Whole(60, 10, 120, log=True),
        # A leaf of one text each would make an artifact of hundreds of megabytes.
        "min_samples_leaf": Whole(2, 2, 10),
        "balance": Real(0.5, 0.2, 1.0),
        "terms": Whole(1500, 300, 5000, log=True),
    },
    fit_estimator=fit,
)
