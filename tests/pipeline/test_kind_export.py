"""What stands beside a model of a heavier kind."""

from __future__ import annotations

from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.kind_export import known_words
from opinionlens.pipeline.text_readings import read_texts
from opinionlens.text.recipe import Recipe


def test_words_of_two_texts_are_known():
    spec = FeatureSpec(Recipe("social-v2", negation_scope=True), word_ngrams=(1, 1))
    texts = ["good good film", "not a good trip", "a film"]
    # "good" is negated in the second text: as it is written it occurs in two, marked in one.
    assert known_words(read_texts(spec, texts)) == ("a", "film", "good")
