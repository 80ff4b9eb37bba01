import pytest

from opinionlens.text.lexicon import lexicon_values
from opinionlens.text.recipe import RECIPES
from opinionlens.text.repeats import evidence_length

SENTENCE = "I guess it is fine, could be better. "


@pytest.mark.parametrize(
    ("pieces", "length"),
    [([], 0), (["a"], 1), (["a", "b", "a"], 3), (["a"] * 9, 3), (["a", "b"] * 9, 6)],
)
def test_each_distinct_piece_counts_three_times_at_most(pieces, length):
    assert evidence_length(pieces) == length


@pytest.mark.parametrize("times", [4, 10, 60])
def test_a_sentence_said_often_has_the_values_of_the_sentence_said_three_times(times):
    pieces = RECIPES["social-v2"].pieces
    assert lexicon_values(pieces(SENTENCE * times)) == pytest.approx(lexicon_values(pieces(SENTENCE * 3)))


def test_recipes_of_version_1_count_every_repeat():
    pieces = RECIPES["social-v1"].pieces(SENTENCE * 4)
    once = lexicon_values(RECIPES["social-v1"].pieces(SENTENCE), damp_repeats=False)
    often = lexicon_values(pieces, damp_repeats=False)
    assert often[:-1] == pytest.approx([2 * value for value in once[:-1]])
    assert not RECIPES["social-v1"].damps_repeats
    assert RECIPES["social-v2"].damps_repeats
