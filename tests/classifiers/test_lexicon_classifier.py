from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.text.labels import Label
from opinionlens.text.word_list import valences


@pytest.fixture(scope="module")
def classifier() -> LexiconClassifier:
    return LexiconClassifier()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this wonderful airline, thank you!", Label.POSITIVE),
        ("The worst, most horrible service. I hate it.", Label.NEGATIVE),
        ("The train leaves at noon from platform 3", Label.NEUTRAL),
        ("not good at all, awful", Label.NEGATIVE),
        ("❤️ 😍", Label.POSITIVE),
    ],
)
def test_plain_cases(text: str, label: Label, classifier: LexiconClassifier) -> None:
    assert classifier.predict(text).label is label


def test_a_text_without_sentiment_is_neutral_but_not_sure(classifier: LexiconClassifier) -> None:
    # With compound 0 only the biases are left: softmax(-0.38, 0, -0.82).
    total = math.exp(-0.38) + 1 + math.exp(-0.82)
    prediction = classifier.predict("the train leaves at noon")
    assert prediction.probabilities == pytest.approx(
        (math.exp(-0.38) / total, 1 / total, math.exp(-0.82) / total)
    )
    assert prediction.reason is UncertainReason.LOW_CONFIDENCE


def test_no_praise_makes_it_surer_than_it_has_reason_to_be(classifier: LexiconClassifier) -> None:
    praise = [word for word, valence in valences().items() if word.isalpha() and valence > 2]
    blame = [word for word, valence in valences().items() if word.isalpha() and valence < -2]
    assert 0.75 < classifier.predict(" ".join(praise)).confidence < 0.82
    assert 0.75 < classifier.predict(" ".join(blame)).confidence < 0.82


def test_an_empty_text_says_so(classifier: LexiconClassifier) -> None:
    assert classifier.predict("").reason is UncertainReason.EMPTY_TEXT
    assert classifier.predict_many([]) == []
    assert classifier.predict_proba([]).shape == (0, 3)


@given(
    text=st.lists(st.sampled_from(("love", "hate", "not", "VERY", "bus", "!!!", ":(", "but", "."))).map(
        " ".join
    )
)
def test_contributions_add_up(text: str, classifier: LexiconClassifier) -> None:
    explanation = classifier.explain(text)
    expected = classifier.decision_values([text])[0]
    for parts in (explanation.contributions, explanation.by_token()):
        total = np.array(explanation.bias) + sum((np.array(part.values) for part in parts), np.zeros(3))
        np.testing.assert_allclose(total, expected, rtol=0, atol=1e-9)


def test_the_words_that_decide_are_in_their_place(classifier: LexiconClassifier) -> None:
    (contribution,) = classifier.explain("A bad day, 😍 but").contributions
    assert contribution.spans == ((2, 5), (11, 12))


def test_its_manifest_is_that_of_no_artifact(classifier: LexiconClassifier) -> None:
    assert classifier.manifest.kind == "lexicon"
    assert classifier.manifest.files == {}
    assert classifier.labels == classifier.manifest.labels == tuple(Label)
