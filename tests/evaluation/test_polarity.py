"""The two-class rule, on cases small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from opinionlens.evaluation.polarity import by_sign, is_two_class

ANSWERS = np.array([[0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("truth", "expected"),
    [([0, 0, 2, 2], True), ([0, 1, 2], False), ([2, 2], False), ([0, 1], False), ([1], False)],
)
def test_only_negative_and_positive_are_two_classes(truth, expected):
    assert is_two_class(np.array(truth)) is expected


def test_neutral_is_no_answer():
    expected = [[0.75, 0, 0.25], [0.4, 0, 0.6], [0.5, 0, 0.5], [0.5, 0, 0.5]]
    before = ANSWERS.copy()
    assert by_sign(ANSWERS) == pytest.approx(np.array(expected))
    assert (before == ANSWERS).all()
