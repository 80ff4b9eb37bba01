"""What a Transformer reads of a long text: its beginning and its end."""

from __future__ import annotations

import pytest

from opinionlens.classifiers.onnx.excerpt import Excerpt
from opinionlens.text.recipe import RECIPES

RECIPE = RECIPES["social-v2"]


def test_the_middle_of_a_long_text_is_left_out() -> None:
    assert Excerpt(6, 4).cut(list("[abcdefgh]")) == list("[afgh]")


def test_the_tokenizers_marks_at_both_ends_stay() -> None:
    for last in (1, 5, 9):
        cut = Excerpt(10, last).cut([101, *range(500), 102])
        assert (len(cut), cut[0], cut[-1]) == (10, 101, 102)


@pytest.mark.parametrize("pieces", ["", "[a]", "[abcd]"])
def test_a_text_that_fits_is_read_as_it_is(pieces: str) -> None:
    assert Excerpt(6, 4).cut(list(pieces)) == list(pieces)


def test_without_an_end_the_tokenizer_has_cut_already() -> None:
    assert Excerpt(3).cut([1, 2, 3, 4]) == [1, 2, 3, 4]


def test_of_a_book_both_ends_are_cut_into_pieces() -> None:
    text = "a" * 500_000 + "b" * 500_000
    assert Excerpt(6, 4).readable(text, RECIPE) == "a" * 192 + " " + "b" * 192
    assert Excerpt(6).readable(text, RECIPE) == "a" * 192
    assert Excerpt(6, 4).readable("ab" * 192, RECIPE) == "ab" * 192


def test_a_text_is_decoded_and_masked_before_it_is_cut() -> None:
    assert Excerpt(6, 4).readable("@united don&#39;t \ud83d http://t.co/x", RECIPE) == "@user don't ? http"
