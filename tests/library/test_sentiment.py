"""The classifier that the library returns."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import pandas as pd
import polars as pl
import pytest

import opinionlens
from opinionlens.base.errors import InputError

TEXTS = ["great", "bad bad", "the crew", ""]


@pytest.fixture
def model(write_word_model, tmp_path):
    """`great` adds 2 to POSITIVE; NEUTRAL starts with 1, the others with 0."""
    write_word_model(tmp_path / "mine", {"great": 2.0, "bad": -2.0})
    return opinionlens.load(tmp_path / "mine")


def test_probabilities_are_the_softmax_of_the_weights(model):
    row = model.predict_proba(["great"])[0]
    negative, neutral, positive = math.exp(-2), math.exp(1), math.exp(2)
    total = negative + neutral + positive
    assert row.tolist() == pytest.approx([negative / total, neutral / total, positive / total])


def test_probabilities_are_numpy_with_rows_that_sum_to_one(model):
    for classifier in (model, opinionlens.lexicon()):
        probabilities = classifier.predict_proba(TEXTS)
        assert isinstance(probabilities, np.ndarray)
        assert probabilities.dtype == np.float64
        assert probabilities.shape == (4, 3)
        assert probabilities.sum(axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-12)
        assert (probabilities >= 0).all()


def test_no_texts_give_no_rows(model):
    assert model.predict_proba([]).shape == (0, 3)
    assert model.predict_many([]) == []


def test_predict_and_predict_many_agree(model):
    many = model.predict_many(TEXTS)
    for text, among_many in zip(TEXTS, many, strict=True):
        alone = model.predict(text)
        assert alone.label == among_many.label
        assert alone.reason == among_many.reason
        assert alone.probabilities == pytest.approx(among_many.probabilities)


def test_a_prediction_has_label_confidence_and_doubt(model):
    prediction = model.predict("great")
    assert prediction.label is opinionlens.Label.POSITIVE
    assert prediction.label == "POSITIVE"
    assert prediction.confidence == max(prediction.probabilities)
    assert model.predict("").uncertain
    assert isinstance(prediction, opinionlens.Prediction)


def test_an_explanation_names_the_words(model):
    explanation = model.explain("great crew")
    assert isinstance(explanation, opinionlens.Explanation)
    assert [(part.text, part.values[2]) for part in explanation.by_token()] == [
        ("great", pytest.approx(2.0)),
        ("crew", 0.0),
    ]


def test_labels_are_in_the_order_of_the_columns(model):
    assert model.labels == ("NEGATIVE", "NEUTRAL", "POSITIVE")
    assert model.labels[model.predict_proba(["great"])[0].argmax()] == "POSITIVE"


def test_repr_says_which_it_is(model):
    assert repr(model) == f"<SentimentClassifier mine {model.digest[:12]}: linear, NEGATIVE/NEUTRAL/POSITIVE>"
    assert repr(opinionlens.lexicon()) == (
        "<SentimentClassifier built-in word list: lexicon, NEGATIVE/NEUTRAL/POSITIVE>"
    )


@pytest.mark.parametrize(
    "collection",
    [list, tuple, deque, iter, lambda texts: (text for text in texts), np.array, pd.Series, pl.Series,
     lambda texts: np.array(texts, dtype=object), lambda texts: pd.Series(texts, index=[3, 1, 2, 0])],
)  # fmt: skip
def test_texts_come_in_any_collection(model, collection):
    expected = model.predict_proba(TEXTS)
    assert np.array_equal(model.predict_proba(collection(TEXTS)), expected)
    labels = [one.label for one in model.predict_many(collection(TEXTS))]
    assert labels == ["POSITIVE", "NEGATIVE", "NEUTRAL", "NEUTRAL"]


@pytest.mark.parametrize("method", ["predict_many", "predict_proba"])
@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("great", r"One text was given instead of several\. Pass a list: \[text\]\."),
        (b"great", r"Pass a list: \[text\]"),
        (["great", None], r"position 1 must be a str, not NoneType.*missing values"),
        (["great", "bad", float("nan")], r"position 2 must be a str, not float.*missing values"),
        ([b"great"], "position 0 must be a str, not bytes"),
        ({"text": "great"}, r'A dict was given.*table\["text"\]'),
        (pd.DataFrame({"text": ["great"]}), "A DataFrame was given"),
        (pl.DataFrame({"text": ["great"]}), "A DataFrame was given"),
        (7, "not as int"),
        (None, "not as NoneType"),
    ],
)
def test_what_are_no_texts_is_refused_with_a_remedy(model, method, texts, message):
    with pytest.raises(InputError, match=message) as caught:
        getattr(model, method)(texts)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("method", ["predict", "explain"])
@pytest.mark.parametrize(("text", "kind"), [(None, "NoneType"), (["great"], "list"), (b"great", "bytes")])
def test_one_text_is_a_string(model, method, text, kind):
    with pytest.raises(TypeError, match=f"must be a str, not {kind}.*predict_many"):
        getattr(model, method)(text)


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "great " * 20_000, "😀" * 100, "\u202egreat"])
def test_odd_texts_are_answered(model, text):
    assert sum(model.predict(text).probabilities) == pytest.approx(1.0)
    assert model.explain(text).prediction.label == model.predict(text).label
