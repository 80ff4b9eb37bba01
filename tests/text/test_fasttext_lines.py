"""A line is read back by fastText as the words that were meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.text.fasttext_lines import fasttext_line, labelled_line
from opinionlens.text.recipe import RECIPES


@pytest.mark.parametrize(
    ("tokens", "line"),
    [
        (["great", "film", ":)"], "great film :)"),
        ([], ""),
        (["two\nlines", "a\tb", "\x00"], "two lines a b"),
        (["half\ud83d", "end"], "half\ufffd end"),
        (["__label__POSITIVE", "fine"], "fine"),
        (["x</s>", "</s>", "after"], "x</s> after"),
        (["a", "b</s"], "a b</s"),
    ],
)
def test_tokens_become_one_line(tokens, line):
    assert fasttext_line(tokens) == line


def test_a_training_line_begins_with_its_label_and_ends():
    assert labelled_line("NEUTRAL", "it came") == "__label__NEUTRAL it came\n"


@given(st.lists(st.text(alphabet=st.characters(), min_size=1)))
def test_no_line_ends_early_or_holds_a_label(tokens):
    line = fasttext_line(tokens)
    line.encode("utf-8")
    assert not set(line) & set("\x00\t\n\v\f\r")
    words = line.split(" ")
    assert "</s>" not in words
    assert not [word for word in words if word.startswith("__label__")]
    assert fasttext_line(words) == line or words == [""]


@given(st.text())
def test_words_of_a_recipe_are_not_changed(text):
    tokens = RECIPES["social-v2"].tokens(text)
    if not any("\ud800" <= sign <= "\udfff" for token in tokens for sign in token):
        assert fasttext_line(tokens) == " ".join(tokens)
