"""The draw that all scripts with labelled sentences share."""

from __future__ import annotations

from collections import Counter

from scripts.labelled_sentences import draw_evenly

from opinionlens.text.labels import LABELS, Label

FOUND = [(f"Drawer {number} {label}.", label) for number in range(50) for label in LABELS]


def test_the_draw_is_even_and_repeats_itself() -> None:
    drawn = draw_evenly(FOUND, LABELS, 31, 7)
    assert Counter(label for _, label in drawn) == dict.fromkeys(LABELS, 10)
    assert len(set(drawn)) == 30
    assert draw_evenly([*reversed(FOUND), *FOUND], LABELS, 31, 7) == drawn
    assert draw_evenly(FOUND, LABELS, 31, 8) != drawn


def test_nothing_of_one_label_is_nothing_at_all() -> None:
    assert draw_evenly([one for one in FOUND if one[1] is not Label.NEUTRAL], LABELS, 30, 7) == []
