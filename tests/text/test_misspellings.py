"""Which listed word a misspelt one stands for."""

from __future__ import annotations

import pytest

from opinionlens.text.misspellings import Misspellings
from opinionlens.text.opinion_entries import meaning_of

LISTED = Misspellings(
    ["terrible", "friendly", "great", "best", "rude", "awful", "good", "thanks", "lovely", "lively"]
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("terible", "terrible"),  # one letter less
        ("awfull", "awful"),  # one more
        ("frieldly", "friendly"),  # another one
        ("freindly", "friendly"),  # two swapped
        ("graet", "great"),
        ("bset", "best"),
        ("rued", "rude"),
    ],
)
def test_one_slip_is_found(written: str, meant: str) -> None:
    assert LISTED.meant(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "bes",  # short words are one letter away from too many others
        "beet",
        "goood1",
        "tereble",  # two slips
        "eerriblt",
        "",
        "x" * 60,
        "great",  # itself is no slip
    ],
)
def test_all_else_is_left_alone(written: str) -> None:
    assert LISTED.meant(written) is None


def test_of_several_the_most_frequent_word_is_meant() -> None:
    assert LISTED.meant("l_vely") is None
    assert LISTED.meant("lvely") == "lovely"


def test_a_misspelt_word_has_the_sense_of_the_right_one() -> None:
    right, wrong = meaning_of("terrible"), meaning_of("terible")
    assert right is not None
    assert wrong is not None
    assert wrong.sense == right.sense


def test_only_words_that_english_lacks_are_misspelt() -> None:
    assert Misspellings(["caring"]).meant("curing") == "caring"
    found = meaning_of("curing")
    assert found is None or found.sense != meaning_of("caring").sense  # type: ignore[union-attr]
