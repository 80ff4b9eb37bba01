import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text.aligned import Aligned
from opinionlens.text.general import GENERAL_FEATURES, general_parts, general_values, is_prose, opinion_values
from opinionlens.text.recipe import RECIPES
from opinionlens.text.scanning import scan, scan_with_places

WORDS = (
    *("good", "bad", "but", "not", "never", "great", "awful", "?", "!", ".", ",", "please", "could", "you"),
    *("5/5", "stars", "😍", ":(", "although", "the", "a", "no", "isn't"),
    *("I", "agree", "they", "said", "worse", "less", "than", "this", "if"),
    *("reviewers", "★", "☆", "love", "how", "another", "9.5/10", ";"),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_the_parts_sum_to_the_values_and_lie_in_the_text(text):
    sums = dict.fromkeys(GENERAL_FEATURES, 0.0)
    for part in general_parts(text, scan_with_places(Aligned.of(text))):
        assert 0 <= part.start < part.end <= len(text)
        sums[part.feature] += part.value
    values = general_values(text, scan(text))
    assert list(sums.values()) == pytest.approx(values, abs=1e-9)
    assert opinion_values(scan(text)) == values[2:]


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("It isn’t good", "It isn't good"),
        ("It isnʼt good", "It isn't good"),
        ("It isn´t good", "It isn't good"),
        ("It isnâ€™t good", "It isn't good"),
        ("It isn＇t ｇｏｏｄ", "It isn't good"),
        ("The 𝐛𝐞𝐬𝐭 place", "The best place"),
        ("Sad news :’(", "Sad news :'("),
    ],
)
def test_typographic_forms_count_as_plain_ones(typed, plain):
    recipe = RECIPES["social-v2"]
    pieces = recipe.pieces_with_places(typed)
    values = general_values(typed, [piece.text for piece in pieces])
    assert values == general_values(plain, recipe.pieces(plain))
    sums = dict.fromkeys(GENERAL_FEATURES, 0.0)
    for part in general_parts(typed, pieces):
        assert 0 <= part.start < part.end <= len(typed)
        sums[part.feature] += part.value
    assert list(sums.values()) == pytest.approx(values, abs=1e-9)


def test_the_values_stay_within_their_range():
    values = general_values("awful! " * 5_000, scan("awful! " * 5_000))
    assert all(-1 <= value <= 1 for value in values)


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("The soup was cold; the bill <was> not.", True),
        ("I paid $20 = too much", True),
        ("", True),
        ("while (x < 10) { x = next(x); }", False),
        ("<a href='/x'>{{ y }}</a>", False),
    ],
)
def test_code_is_no_prose(text, prose):
    assert is_prose(text, scan(text)) is prose


@pytest.mark.parametrize("unit", ["good ", "😍", "🆙", "never ", "good but bad "])
def test_words_behind_the_first_2_500_do_not_count(unit):
    """A post of 10,000 characters has fewer; 10,000 emoji stand for more than any book's page."""
    text = unit * 2_600
    longer = f"{text}awful awful awful awful awful"
    assert general_values(longer, scan(longer)) == general_values(text, scan(text))
    sums = dict.fromkeys(GENERAL_FEATURES, 0.0)
    for part in general_parts(longer, scan_with_places(Aligned.of(longer))):
        sums[part.feature] += part.value
    assert list(sums.values()) == pytest.approx(general_values(longer, scan(longer)), abs=1e-9)


def test_words_of_a_long_review_count():
    text = "so " * 2_400
    longer = f"{text}awful"
    assert general_values(longer, scan(longer)) != general_values(text, scan(text))


@pytest.mark.parametrize(
    "text", ["The soup is excellent, the staff are awful.", "Lovely view. Dreadful noise."]
)
def test_praise_and_blame_that_balance_leave_the_sign_open(text):
    values = dict(zip(GENERAL_FEATURES, general_values(text, scan(text)), strict=True))
    assert values["vader_compound"] == values["mixed"] == 0
    assert abs(values["opinion"]) < 0.25


def test_what_others_say_is_not_the_sign_of_the_text():
    values = dict(
        zip(
            GENERAL_FEATURES,
            general_values("He said it was awful.", scan("He said it was awful.")),
            strict=True,
        )
    )
    assert values["vader_compound"] == 0
    assert -0.2 < values["opinion"] < 0
