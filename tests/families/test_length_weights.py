"""Long texts beside many short ones count for less."""

import numpy as np

from opinionlens.families.length_weights import length_weights, lengths_are_mixed

SHORT, LONG = "a short text", "word " * 65


def test_a_text_counts_by_the_root_of_its_length_above_64_words():
    found = length_weights(["", "one", "word " * 64, "word " * 256])
    np.testing.assert_allclose(found, [1.0, 1.0, 1.0, 0.5])


def test_500_of_either_length_make_a_mixture():
    assert lengths_are_mixed([SHORT] * 500 + [LONG] * 500)
    assert not lengths_are_mixed([SHORT] * 499 + [LONG] * 5_000)
    assert not lengths_are_mixed([SHORT] * 5_000 + [LONG] * 499)
    assert not lengths_are_mixed([])
