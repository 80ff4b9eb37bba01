"""Which words decided: directions, strengths, places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.classifiers.explanation import Contribution, Explanation
from opinionlens.classifiers.prediction import Prediction
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.recipe import Token
from opinionlens.web.services.deciding_words import DecidingWord, deciding_words, stretches, strongest_words

NEGATIVE, NEUTRAL, POSITIVE = LABELS


def explanation(*values: tuple[float, ...], labels: tuple[Label, ...] = LABELS) -> Explanation:
    """One token `a b c …` per row of values."""
    letters = "abcdefghijklmnopqrstuvwxyz"[: len(values)]
    tokens = tuple(Token(letter, 2 * place, 2 * place + 1) for place, letter in enumerate(letters))
    contributions = tuple(
        Contribution(token.text, "words", row, ((token.start, token.end),))
        for token, row in zip(tokens, values, strict=True)
    )
    nothing = (0.0,) * len(labels)
    prediction = Prediction(POSITIVE, 1.0, (0.0, 0.0, 1.0))
    return Explanation(" ".join(letters), labels, nothing, nothing, contributions, tokens, prediction)


@pytest.mark.parametrize(
    ("values", "toward", "weight"),
    [
        ((-2.0, 0.0, 2.0), POSITIVE, 4.0),
        ((2.0, 0.0, -2.0), NEGATIVE, 4.0),
        ((-0.3, 0.9, -0.3), NEUTRAL, 1.2),
        # In a text of praise the word list takes from POSITIVE what "awful" weighs, and little else.
        ((-0.15, 0.0, -1.45), NEGATIVE, 1.3),
        ((5.0, 5.0, 6.0), POSITIVE, 1.0),
    ],
)
def test_a_word_speaks_for_the_side_it_moves_the_balance_to(
    values: tuple[float, ...], toward: Label, weight: float
) -> None:
    (word,) = deciding_words(explanation(values))
    assert word.toward is toward
    assert word.weight == pytest.approx(weight)
    assert (word.strength, word.level) == (1, 3)


@pytest.mark.parametrize(
    ("labels", "values", "toward"),
    [
        ((NEGATIVE, POSITIVE), (1.0, -1.0), NEGATIVE),
        ((NEGATIVE, NEUTRAL), (-1.0, 1.0), NEUTRAL),
        ((NEGATIVE, NEUTRAL), (1.0, -1.0), NEGATIVE),
        ((NEUTRAL, POSITIVE), (-1.0, 1.0), POSITIVE),
    ],
)
def test_models_of_two_classes_have_words_too(
    labels: tuple[Label, ...], values: tuple[float, ...], toward: Label
) -> None:
    (word,) = deciding_words(explanation(values, labels=labels))
    assert word.toward is toward


def test_what_is_the_same_for_all_classes_decides_nothing() -> None:
    assert deciding_words(explanation((0.7, 0.7, 0.7), (0.0, 0.0, 0.0))) == []
    assert deciding_words(explanation()) == []


def test_faint_words_are_background_and_levels_follow_strength() -> None:
    words = deciding_words(explanation((0, 0, 10.0), (0, 0, 5.0), (0, 0, 2.0), (0, 0, 1.0), (-9.0, 0, 0)))
    assert [(word.text, word.level) for word in words] == [("a", 3), ("b", 2), ("c", 1), ("e", 3)]


def word(text: str, start: int, weight: float = 1.0, toward: Label = POSITIVE) -> DecidingWord:
    return DecidingWord(text, start, start + len(text), toward, weight, min(1.0, weight))


@given(
    text=st.text(max_size=40),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6),
)
def test_stretches_joined_are_the_text(text: str, cuts: list[tuple[int, int]]) -> None:
    spans = sorted((start, min(start + length, len(text))) for start, length in cuts if start < len(text))
    words = [DecidingWord(text[start:end], start, end, POSITIVE, 1.0, 1.0) for start, end in spans]
    assert "".join(stretch.text for stretch in stretches(text, words)) == text


def test_marked_stretches_are_the_words() -> None:
    pieces = stretches("so great, great!", [word("great", 3), word("great", 10)])
    assert [(piece.text, piece.word is not None) for piece in pieces] == [
        ("so ", False),
        ("great", True),
        (", ", False),
        ("great", True),
        ("!", False),
    ]


def test_a_word_is_listed_once_with_its_sum() -> None:
    words = [
        word("Great", 0, 0.5),
        word("great", 9, 0.4),
        word("bad", 20, 0.6, NEGATIVE),
        word("ok", 30, 0.1),
    ]
    listed = strongest_words(words, limit=2)
    assert [(one.text, one.times, one.toward) for one in listed] == [
        ("Great", 2, POSITIVE),
        ("bad", 1, NEGATIVE),
    ]
    assert [one.weight for one in listed] == pytest.approx([0.9, 0.6])
    assert [one.share for one in listed] == pytest.approx([1, 2 / 3])


def test_no_words_are_an_empty_list() -> None:
    assert strongest_words([], limit=5) == []
