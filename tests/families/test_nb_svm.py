import math

import numpy as np
import scipy.sparse as sp

from opinionlens.families.nb_svm import grouped_log_ratio, log_ratio
from opinionlens.features.counts import canonical


def test_log_ratio_by_hand():
    # Three texts of the class, two others; the counts above 1 must not matter.
    block = canonical(sp.csr_array(np.array([[2, 0], [1, 0], [1, 1], [0, 4], [1, 1]])))
    target = np.array([True, True, True, False, False])
    # Texts holding the terms, plus 1: (3+1, 1+1) inside, (1+1, 2+1) outside.
    expected = [math.log((4 / 6) / (2 / 5)), math.log((2 / 6) / (3 / 5))]
    np.testing.assert_allclose(log_ratio(block, target, smoothing=1.0), expected)


def test_more_smoothing_says_less():
    block = canonical(sp.csr_array(np.array([[1, 0], [0, 1]])))
    target = np.array([True, False])
    little, much = (log_ratio(block, target, smoothing) for smoothing in (0.5, 2.0))
    assert abs(much[0]) < abs(little[0])
    assert math.isclose(little[0], -little[1])


def test_ratios_are_those_inside_the_groups():
    # Inside the first group the first term is rather against the class; the second group has one class alone.
    counted = [[1, 1], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]]
    block = canonical(sp.csr_array(np.array(counted)))
    target = np.array([True, True, False, False, False, False, False])
    groups = np.array([0, 0, 0, 0, 1, 1, 1])
    inside = log_ratio(block[groups == 0], target[groups == 0], smoothing=1.0)
    np.testing.assert_allclose(grouped_log_ratio(block, target, groups, smoothing=1.0), inside)
    assert inside[0] < 0 < log_ratio(block, target, smoothing=1.0)[0]


def test_a_group_of_long_texts_says_less_of_a_term():
    # One term, for the class in short texts and against it in long ones, which have four times as many terms.
    short = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])
    long = np.array([[0, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]])
    block = canonical(sp.csr_array(np.vstack([short, long, long])))
    target = np.array([True, True, False, False] * 3)
    groups = np.array([0] * 4 + [1] * 8)
    of_short = log_ratio(block[:4], target[:4], smoothing=1.0)[0]
    of_long = log_ratio(block[4:], target[4:], smoothing=1.0)[0]
    # The first term is in two short texts of 1 term, and in four long ones of 3.5: shares of 2 and 4 / 3.5².
    expected = (2 * of_short + 4 / 12.25 * of_long) / (2 + 4 / 12.25)
    found = grouped_log_ratio(block, target, groups, smoothing=1.0)[0]
    assert of_long < 0 < of_short
    assert math.isclose(found, expected)


def test_groups_that_tell_no_class_are_counted_together():
    block = canonical(sp.csr_array(np.array([[1, 0], [1, 1], [0, 1]])))
    target = np.array([True, True, False])
    for groups in (np.array([0, 0, 1]), np.zeros(3, dtype=int)):
        found = grouped_log_ratio(block, target, groups, smoothing=1.0)
        np.testing.assert_array_equal(found, log_ratio(block, target, smoothing=1.0))
