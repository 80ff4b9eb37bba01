"""The list of families.

A new one is a file and a line here; one contract test holds all of them.
"""

from __future__ import annotations

from opinionlens.families.bagging_linear_svc import BAGGING_LINEAR_SVC
from opinionlens.families.decision_tree import DECISION_TREE
from opinionlens.families.family import Family
from opinionlens.families.k_nearest_neighbours import K_NEAREST_NEIGHBOURS
from opinionlens.families.linear_svc import LINEAR_SVC
from opinionlens.families.logistic_regression import LOGISTIC_REGRESSION
from opinionlens.families.nb_svm import NB_SVM
from opinionlens.families.random_forest import RANDOM_FOREST

FAMILIES: dict[str, Family] = {
    "logistic_regression": LOGISTIC_REGRESSION,
    "linear_svc": LINEAR_SVC,
    "nb_svm": NB_SVM,
    "bagging_linear_svc": BAGGING_LINEAR_SVC,
    "k_nearest_neighbours": K_NEAREST_NEIGHBOURS,
    "decision_tree": DECISION_TREE,
    "random_forest": RANDOM_FOREST,
}
