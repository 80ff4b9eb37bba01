import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from opinionlens.text.vader import compound, compound_parts

PACKAGE = SentimentIntensityAnalyzer()
WORDS = (
    *("good", "bad", "GREAT", "awful", "no", "not", "never", "so", "this", "without", "doubt", "least"),
    *("at", "very", "kind", "of", "but", "the", "shit", "bomb", "bad!", "ok", "or", "nor", "isn't"),
    *(
        "VERY",
        "kinda",
        ":)",
        ":(",
        "??",
        "!!!",
        "😍",
        "👍🏽",
        "a,",
        "(nice)",
        "sort",
        "hate",
        "BUT",
        "love's",
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "VADER is VERY SMART, handsome, and FUNNY!!!",
        "At least it isn't a horrible book.",
        "Today only kinda sux! But I'll get by, lol",
        "It was one of the worst movies I've seen, despite good reviews??",
        "Without a doubt, an excellent idea.",
        "Catch utf-8 emoji such as 💘 and💋 and 😁",
        "good good but good bad but good good",  # the package changes the first of equal valences
        "The least good, never so bad, no problem or trouble",
        "",
        "plain words",
    ],
)
def test_it_is_the_figure_of_the_package(text):
    assert round(compound(text), 4) == PACKAGE.polarity_scores(text)["compound"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_it_is_the_figure_of_the_package_whatever_the_words(text):
    assert abs(compound(text) - PACKAGE.polarity_scores(text)["compound"]) < 5.1e-5


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("  ".join))
def test_the_parts_sum_to_it_and_lie_in_the_text(text):
    parts = compound_parts(text)
    assert sum(part.value for part in parts) == pytest.approx(compound(text), abs=1e-12)
    assert all(0 <= part.start < part.end <= len(text) for part in parts)


def test_a_part_lies_where_its_word_stands():
    text = "A 😍 cake, terrible tea"
    assert {text[part.start : part.end] for part in compound_parts(text)} == {"😍", "terrible"}
