"""Texts that show nothing are empty, in training, scoring, the API and on the pages, by one rule."""

import re
from pathlib import Path

import polars as pl
import pytest

from opinionlens.text.blank import SEEN, UNSEEN, is_blank

ROOT = Path(__file__).parents[2]
BLANK = [
    "",
    " \t\r\n",
    "\u200b",
    "\u2060\ufeff\u200d",
    "\u3164",  # Hangul filler, a letter to Unicode
    "\uffa0\u115f\u1160",
    "\u2800",  # a Braille pattern without dots
    "\u202e\u200f",
    "\xad",
    "\ufe0f",
    "\U000e0061\U000e007f",
    "\x00\x1b\x85\xa0\u2028\u3000",
]
SEEN_TEXTS = ["a", " .", "\u200b!", "😂", "❤\ufe0f", "\ufffd", "\u0301", "한", "⠁", "\u3164a"]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_a_text_that_shows_nothing_is_blank(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", SEEN_TEXTS, ids=ascii)
def test_a_text_that_shows_anything_is_not(text):
    assert not is_blank(text)


def test_white_space_is_blank_whatever_the_engine_calls_so():
    assert all(is_blank(chr(c)) for c in range(0x110000) if chr(c).isspace())


def test_columns_are_read_by_the_same_rule():
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    seen = pl.Series(points).str.contains(SEEN)
    assert seen.to_list() == [not is_blank(point) for point in points]


def test_the_page_has_the_same_rule():
    script = (ROOT / "static/js/blank.js").read_text(encoding="utf-8")
    written = "".join(re.findall(r'^\s+"(.*)"(?: \+|,)$', script, re.MULTILINE)[:-1])
    members = re.sub(r"\\\\u\{(\w+)\}", lambda m: rf"\U{int(m[1], 16):08x}", written).replace(r"\\u", r"\u")
    assert members == f"[^{UNSEEN}]"
