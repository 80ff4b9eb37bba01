from dataclasses import replace

import numpy as np
import pytest

from opinionlens.families.catalogue import FAMILIES
from opinionlens.families.class_balance import balanced_weights

CODES = np.array([0, 0, 0, 2])


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(0.0, [1, 1, 1, 1]), (1.0, [2 / 3, 2 / 3, 2 / 3, 2]), (0.5, [(2 / 3) ** 0.5] * 3 + [2**0.5])],
)
def test_balance_goes_from_equal_texts_to_equal_classes(balance, expected):
    np.testing.assert_allclose(balanced_weights(CODES, balance, np.zeros(4)), expected)


def test_classes_are_balanced_inside_each_group():
    codes = np.array([0, 2, 0, 0, 1, 0, 2])
    groups = np.array([5, 1, 5, 5, 5, 1, 1])
    expected = [2 / 3, 3 / 4, 2 / 3, 2 / 3, 2, 3 / 2, 3 / 4]
    np.testing.assert_allclose(balanced_weights(codes, 1.0, groups), expected)


@pytest.mark.parametrize("name", [name for name, one in FAMILIES.items() if "balance" in one.space])
def test_families_get_the_weights_of_texts_times_those_of_their_classes(three_labels, name):
    counts, codes = three_labels.counts, three_labels.train.codes
    family = replace(FAMILIES[name], fit_estimator=lambda *arguments: arguments[-2])
    groups = np.arange(len(codes)) % 2
    weights = np.random.default_rng(0).uniform(0.2, 1.5, len(codes))
    found = family.fit(counts, codes, {"balance": 0.7}, 42, weights, groups)
    np.testing.assert_allclose(found, weights * balanced_weights(codes, 0.7, groups))
