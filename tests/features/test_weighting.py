"""Values worked out by hand from the definition: v = tf(c), u = v * scale, / norm, * factor."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from opinionlens.features.counts import Counts, canonical
from opinionlens.features.weighting import BlockWeighting, Weighting, inverse_deviation, smooth_idf

COUNTS = canonical(sp.csr_array(np.array([[3, 0, 1], [0, 0, 0], [0, 2, 0]])))
SCALE = np.array([2.0, 5.0, 1.0])


def applied(**options):
    settings = {"tf": "count", "scale": SCALE, "normalise": False} | options
    return BlockWeighting(**settings).apply(COUNTS).toarray()


@pytest.mark.parametrize(
    ("tf", "expected"),
    [
        ("count", [[6, 0, 1], [0, 0, 0], [0, 10, 0]]),
        ("binary", [[2, 0, 1], [0, 0, 0], [0, 5, 0]]),
        ("log", [[2 * (1 + math.log(3)), 0, 1], [0, 0, 0], [0, 5 * (1 + math.log(2)), 0]]),
    ],
)
def test_term_frequency_times_scale(tf, expected):
    np.testing.assert_allclose(applied(tf=tf), expected)


def test_rows_are_brought_to_the_length_of_the_factor():
    expected = [[0.5 * 6 / math.sqrt(37), 0, 0.5 / math.sqrt(37)], [0, 0, 0], [0, 0.5, 0]]
    np.testing.assert_allclose(applied(normalise=True, factor=0.5), expected)


def test_counts_are_left_as_they_were():
    before = COUNTS.toarray()
    applied(tf="log", normalise=True, factor=3.0)
    np.testing.assert_array_equal(COUNTS.toarray(), before)


def test_blocks_stand_side_by_side_and_those_without_weighting_are_left_out():
    counts = Counts(words=COUNTS, chars=COUNTS, lexicon=np.array([[1.0], [0.0], [-4.0]]))
    weighting = Weighting(
        words=BlockWeighting("binary", np.ones(3), normalise=False),
        lexicon=BlockWeighting("count", np.array([0.5]), normalise=False, factor=2.0),
    )
    assert weighting.width == 4
    assert weighting.apply(counts).toarray().tolist() == [[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, -4]]


def test_result_is_what_liblinear_takes():
    weighting = Weighting(
        words=BlockWeighting("log", SCALE, normalise=True), lexicon=BlockWeighting("count", np.ones(1), False)
    )
    matrix = weighting.apply(Counts(words=COUNTS, lexicon=np.ones((3, 1))))
    assert matrix.dtype == np.float64
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32


def test_smooth_idf_of_three_texts():
    # Each term is in one of the three texts: ln(4 / 2) + 1.
    np.testing.assert_allclose(smooth_idf(COUNTS), [math.log(2) + 1] * 3)


def test_inverse_deviation_silences_a_constant_column():
    values = np.array([[1.0, 7.0], [-1.0, 7.0], [1.0, 7.0], [-1.0, 7.0]])
    np.testing.assert_allclose(inverse_deviation(values), [1.0, 0.0])
