"""How much a word belongs to a domain."""

from __future__ import annotations

import math

import pytest

from opinionlens.text.likeness import likeness, plain_word, unseen_likeness


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("flight", "flight"),
        ("good_NEG", "good"),
        ("<user>", "<user>"),
        ("été", "été"),
        ("😀", None),
        ("!", None),
        ("212", None),
        (":)", None),
    ],
)
def test_words_and_placeholders_count(token: str, word: str | None) -> None:
    assert plain_word(token) == word


def test_a_word_as_frequent_as_in_english_is_at_zero() -> None:
    # "the" has 7.73 on the Zipf scale: 10 ** 7.73 in a billion words.
    assert likeness("the", 10 ** (7.73 - 9)) == pytest.approx(0, abs=1e-4)
    assert likeness("the", 10 ** (7.73 - 9) * math.e) == pytest.approx(1, abs=1e-4)


def test_what_no_list_holds_belongs_to_the_domain_and_is_cut() -> None:
    assert likeness("<user>", 0.05) == 8.0
    assert likeness("the", 1e-12) == -8.0


def test_a_word_that_nobody_knows_says_nothing() -> None:
    assert unseen_likeness("xqzzv", 1e-6) is None
    found = unseen_likeness("soup", 1e-6)
    assert found is not None
    assert found < 0
