"""A decision tree on the most telling words and lexicon.

It is weak, but every step can be read.
"""

from __future__ import annotations

from sklearn.tree import DecisionTreeClassifier

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
    """Grow one tree.

    Columns of equal merit are tried in an order drawn from `seed`.
    """
    weighting, columns = narrowed(occurrence_weighting(counts), counts, codes, int(params["terms"]))
    model = DecisionTreeClassifier(
        criterion=str(params["criterion"]),
        max_depth=int(params["max_depth"]),
        min_samples_leaf=int(params["min_samples_leaf"]),
        random_state=seed,
    )
    seen = weighting.apply(counts)[:, columns]
    model.fit(seen, codes, sample_weight=weights)
    return SklearnEstimator(classes, weighting, columns, model)


DECISION_TREE = Family(
    name="decision_tree",
    title="Decision tree",
    kind="skops",
    space={
        "criterion": OneOf("gini", ("gini", "entropy")),
        "max_depth": Whole(30, 4, 80, log=True),
        "min_samples_leaf": Whole(5, 1, 30, log=True),
        "balance": Real(0.5, 0.2, 1.0),
        "terms": Whole(1000, 200, 4000, log=True),
    },
    fit_estimator=fit,
)
