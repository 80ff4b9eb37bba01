import pytest

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.lexicon import lexicon_values
from opinionlens.text.recipe import Recipe

TEXT = "I don't LIKE it :( &amp; never will!! 𝐛𝐚𝐝"


@pytest.mark.parametrize("name", ["social-v1", "social-v2"])
@pytest.mark.parametrize("tokenizer", ["pattern", "tweet"])
def test_tokens_and_lexicon_are_those_of_their_own_functions(tokenizer, name):
    recipe = Recipe(name, tokenizer=tokenizer, negation_scope=True)
    assert FeatureSpec(recipe, lexicon=True).tokens_and_lexicon(TEXT) == (
        recipe.tokens(TEXT),
        lexicon_values(recipe.pieces(TEXT)),
    )


def test_without_the_lexicon_there_are_no_values():
    assert FeatureSpec(Recipe("plain-v1")).tokens_and_lexicon(TEXT)[1] == []


@pytest.mark.parametrize(
    "spec",
    [
        FeatureSpec(Recipe("plain-v1")),
        FeatureSpec(
            Recipe("social-v1", stemmer="porter"), word_ngrams=None, char_ngrams=(2, 5), lexicon=True
        ),
    ],
)
def test_a_choice_survives_a_round_trip(spec):
    assert FeatureSpec.from_dict(spec.as_dict()) == spec


@pytest.mark.parametrize(
    "change",
    [
        {"word_ngrams": [0, 2]},
        {"word_ngrams": [3, 2]},
        {"char_ngrams": [2]},
        {"char_ngrams": "25"},
        {"word_ngrams": [1, 2.5]},
        {"lexicon": "yes"},
        {"recipe": {"name": "unknown"}},
        {"recipe": "plain-v1"},
        {"more": 1},
    ],
)
def test_a_choice_that_counts_nothing_known_is_refused(change):
    values = FeatureSpec(Recipe("plain-v1")).as_dict() | change
    with pytest.raises(ArtifactUnsupported):
        FeatureSpec.from_dict(values)


def test_a_missing_field_is_refused():
    values = FeatureSpec(Recipe("plain-v1")).as_dict()
    del values["lexicon"]
    with pytest.raises(ArtifactUnsupported, match="lexicon"):
        FeatureSpec.from_dict(values)
