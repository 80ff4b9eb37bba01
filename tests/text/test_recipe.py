import pickle

import pytest

from opinionlens.errors import ArtefactUnsupported
from opinionlens.text.recipe import RECIPES, Recipe

PLAIN, SOCIAL = RECIPES["plain-v1"], RECIPES["social-v1"]


def test_plain_keeps_contractions_and_emoticons_and_drops_markup():
    assert PLAIN.tokens("I don't <b>LIKE</b> it :)<br /> at all!") == [
        "i",
        "don't",
        "like",
        "it",
        ":)",
        "at",
        "all",
    ]


def test_social_keeps_what_carries_sentiment():
    text = "@VirginAmerica sooooo GOOD!!! #fail http://t.co/x :("
    assert SOCIAL.tokens(text) == ["<user>", "sooo", "good", "!!", "#", "fail", "<url>", ":("]


def test_places_are_those_of_the_original_text():
    text = "Fish &amp; chips, don&#39;t"
    assert [text[t.start : t.end] for t in PLAIN.tokenize(text)] == ["Fish", "chips", "don&#39;t"]


@pytest.mark.parametrize(
    "recipe",
    [PLAIN, SOCIAL, Recipe("social-v1", stemmer="porter", negation_scope=True)],
    ids=lambda r: r.identifier,
)
def test_recipe_survives_a_round_trip(recipe):
    assert Recipe.from_dict(recipe.as_dict()) == recipe
    recipe.tokens("warm the memory")
    assert pickle.loads(pickle.dumps(recipe)) == recipe  # noqa: S301 - how worker processes receive it


@pytest.mark.parametrize(
    "values", [{}, {"name": "plain-v9"}, {"name": "plain-v1", "stemmer": "x"}, {"nom": "plain-v1"}]
)
def test_unknown_recipe_is_refused(values):
    with pytest.raises(ArtefactUnsupported):
        Recipe.from_dict(values)
