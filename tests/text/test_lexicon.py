import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text import lexicon
from opinionlens.text.lexicon import LEXICON_FEATURES
from opinionlens.text.recipe import RECIPES

# Of VADER's word list: good 1.9, bad -2.5, great 3.1, :) 2.0, :( -1.9; 😢 is a "crying face", crying is -2.1.
GOOD, BAD, GREAT = 1.9, 2.5, 3.1
SIGNALS = ("good", "BAD", "not", "but", "very", "slightly", "greaaat", ".", "!", ":(", "😢")


RECIPE = RECIPES["social-v2"]


def lexicon_values(text):
    return lexicon.lexicon_values(RECIPE.pieces(text))


def lexicon_parts(text):
    return lexicon.lexicon_parts(RECIPE.pieces_with_places(text))


def read(text):
    return dict(zip(LEXICON_FEATURES, lexicon_values(text), strict=True))


def test_a_word_counts_with_its_valence_over_the_root_of_the_words():
    values = read("a good plain day")
    assert values["positive_valence"] == pytest.approx(GOOD / 2)
    assert values["positive_words"] == pytest.approx(1 / 2)
    assert values["compound"] == pytest.approx(GOOD / math.sqrt(GOOD**2 + 15))
    assert values["negative_valence"] == values["negative_words"] == 0


@pytest.mark.parametrize(
    ("text", "words", "compound_sum"),
    [
        ("bad", 1, -BAD),
        ("not good", 2, GOOD * -0.74),
        ("isn't so good", 3, (GOOD + 0.293) * -0.74),
        ("not a very good", 4, (GOOD + 0.293) * -0.74),
        ("not in any way good", 5, GOOD),  # four words away
        ("no way. good", 3, -1.2 + GOOD),  # "no" itself is -1.2; the full stop ends its reach
        ("very good", 2, GOOD + 0.293),
        ("very very good", 3, GOOD + 0.293 * 1.95),
        ("very bad", 2, -BAD - 0.293),
        ("slightly bad", 2, -BAD + 0.293),
        ("not :(", 1, -1.9),
        ("GOOD", 1, GOOD + 0.733),
        ("goooood", 1, GOOD + 0.293),
        ("GOOOOD", 1, GOOD + 0.733 + 0.293),
        (":-)", 0, 1.3),  # the list knows this one with its nose
        (":-((((", 0, -1.9),
        ("😢", 0, -2.1),
        ("👍🏽", 0, 1.9),  # "thumbs up" says nothing to the list
        ("187 http www.good.com @good <good>", 1, 0),
        ("", 0, 0),
    ],
)
def test_valence_in_context(text, words, compound_sum):
    values = read(text)
    assert values["compound"] == pytest.approx(compound_sum / math.sqrt(compound_sum**2 + 15))
    size = (values["positive_valence"] - values["negative_valence"]) * math.sqrt(max(words, 1))
    assert size == pytest.approx(compound_sum)


def test_what_stands_behind_but_is_also_counted_apart():
    assert read("great food but bad crew")["contrast"] == pytest.approx(-BAD / math.sqrt(5))
    assert read("bad food, but great, but good")["contrast"] == pytest.approx(GOOD / math.sqrt(6))
    assert read("great food")["contrast"] == 0


@pytest.mark.parametrize(
    ("text", "feature", "count"),
    [
        ("never, isn't, NOT", "negators", 3),
        ("so very, slightly", "intensifiers", 2),
        ("I SAID no to IT", "capitals", 2),
        ("what!!! no! ?!", "exclamation_marks", 5),
        ("what?? ?!", "question_marks", 3),
        ("sooo yessss 1000", "elongations", 2),
        (":) 😢😢 xyz", "emoticons", 3),
        ("good great bad", "positive_words", 2),
        ("good great bad", "negative_words", 1),
    ],
)
def test_counts(text, feature, count):
    words = sum(piece[0].isalnum() for piece in RECIPE.pieces(text))
    assert read(text)[feature] * math.sqrt(words) == pytest.approx(count)


def test_a_weakened_word_keeps_its_sign():
    assert read("almost slightly somewhat okay")["compound"] > 0


def test_every_part_has_its_place():
    text = "Not GOOD &amp; 😢!"
    found = {(part.feature, text[part.start : part.end]) for part in lexicon_parts(text)}
    assert found == {
        ("negators", "Not"),
        ("capitals", "GOOD"),
        ("negative_valence", "GOOD"),
        ("negative_words", "GOOD"),
        ("compound", "GOOD"),
        ("emoticons", "😢"),
        ("negative_valence", "😢"),
        ("negative_words", "😢"),
        ("compound", "😢"),
        ("exclamation_marks", "!"),
    }


@settings(deadline=None)
@given(data=st.data(), words=st.lists(st.sampled_from(SIGNALS)))
def test_parts_sum_to_the_values(hard_texts, data, words):
    text = data.draw(hard_texts).join([" ".join(words)] * 2)
    sums = dict.fromkeys(LEXICON_FEATURES, 0.0)
    for part in lexicon_parts(text):
        assert 0 <= part.start < part.end <= len(text)
        sums[part.feature] += part.value
    assert list(sums.values()) == pytest.approx(lexicon_values(text), abs=1e-9)


@settings(deadline=None)
@given(data=st.data())
def test_values_are_finite(hard_texts, data):
    text = data.draw(hard_texts)
    values = lexicon_values(text)
    assert len(values) == len(LEXICON_FEATURES)
    assert all(map(math.isfinite, values))
    assert -1 <= values[-1] <= 1


@pytest.mark.parametrize("unit", ["very good ", "not ", "but good ", "SOOOO ", "! "])
def test_long_texts_are_read_in_one_pass(unit):
    """With effects that look back without bound, this many would take hours."""
    assert len(lexicon_values(unit * 60_000)) == len(LEXICON_FEATURES)
