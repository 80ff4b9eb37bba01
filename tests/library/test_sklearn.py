"""The steps for scikit-learn, in its own pipelines, searches and checks."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils.estimator_checks import (
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
)

import opinionlens
from opinionlens.base.errors import ArtifactMissing, ExtraMissing
from opinionlens.sklearn import SentimentEstimator, SentimentTransformer

TEXTS = ["great crew", "bad crew", "the crew", "great great"]
LABELS = ["POSITIVE", "NEGATIVE", "NEUTRAL", "POSITIVE"]


@pytest.fixture
def folder(write_word_model, tmp_path):
    """The folder of an artifact that gets TEXTS right."""
    write_word_model(tmp_path / "mine", {"great": 2.0, "bad": -2.0})
    return tmp_path / "mine"


@pytest.mark.parametrize("kind", [SentimentEstimator, SentimentTransformer])
@pytest.mark.parametrize(
    "check",
    [
        check_get_params_invariance,
        check_no_attributes_set_in_init,
        check_parameters_default_constructible,
        check_set_params,
    ],
)
def test_checks_of_scikit_learn(kind, check):
    check(kind.__name__, kind())


@pytest.mark.parametrize("kind", [SentimentEstimator, SentimentTransformer])
def test_a_clone_has_the_same_parameters_and_loads_for_itself(kind, folder):
    original = kind(model=folder).fit()
    copy = clone(original)
    assert copy is not original
    assert copy.get_params() == {"model": folder}
    assert vars(copy) == {"model": folder}


def test_a_clone_shares_a_loaded_classifier(folder):
    model = opinionlens.load(folder)
    assert clone(SentimentEstimator(model)).model is model


def test_the_estimator_answers_with_labels_and_sorted_classes(folder):
    estimator = SentimentEstimator(folder)
    assert estimator.classes_.tolist() == ["NEGATIVE", "NEUTRAL", "POSITIVE"]
    assert estimator.predict(TEXTS).tolist() == LABELS
    assert np.array_equal(estimator.predict_proba(TEXTS), opinionlens.load(folder).predict_proba(TEXTS))
    assert estimator.score(TEXTS, LABELS) == 1.0
    assert estimator.score(TEXTS, ["POSITIVE"] * 4) == 0.5


def test_columns_follow_classes_whatever_the_order_of_the_artifact(folder):
    model = opinionlens.load(folder)

    class Reversed(opinionlens.SentimentClassifier):
        def __init__(self):
            pass

        labels = model.labels[::-1]

        def predict_proba(self, texts):
            return model.predict_proba(texts)[:, ::-1]

    estimator = SentimentEstimator(Reversed())
    assert estimator.classes_.tolist() == ["NEGATIVE", "NEUTRAL", "POSITIVE"]
    assert np.array_equal(estimator.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert estimator.predict(TEXTS).tolist() == LABELS


def test_scores_are_cross_validated(folder):
    scores = cross_val_score(SentimentEstimator(folder), TEXTS * 3, LABELS * 3, cv=3, scoring="accuracy")
    assert scores.tolist() == [1.0, 1.0, 1.0]


def test_a_search_chooses_between_models(folder, write_word_model, tmp_path):
    write_word_model(tmp_path / "wrong", {"great": -2.0, "bad": 2.0})
    search = GridSearchCV(SentimentEstimator(), {"model": [tmp_path / "wrong", folder]}, cv=2)
    assert search.fit(TEXTS * 2, LABELS * 2).best_params_ == {"model": folder}


def test_another_model_is_loaded_when_the_parameter_changes(folder, write_word_model, tmp_path):
    write_word_model(tmp_path / "wrong", {"great": -2.0, "bad": 2.0})
    estimator = SentimentEstimator(folder)
    assert estimator.predict(["great"]).tolist() == ["POSITIVE"]
    assert estimator.set_params(model=tmp_path / "wrong").predict(["great"]).tolist() == ["NEGATIVE"]


def test_fit_takes_up_an_artifact_that_has_changed(folder, write_word_model):
    estimator = SentimentEstimator(folder)
    assert estimator.predict(["great"]).tolist() == ["POSITIVE"]
    write_word_model(folder, {"great": -2.0})
    assert estimator.fit(TEXTS, LABELS).predict(["great"]).tolist() == ["NEGATIVE"]


def test_fit_says_what_is_missing(tmp_path):
    with pytest.raises(ArtifactMissing):
        SentimentEstimator(tmp_path / "nothing").fit(TEXTS, LABELS)


def test_a_pipeline_ends_with_the_estimator_and_needs_no_fit(folder):
    pipeline = make_pipeline("passthrough", SentimentEstimator(folder))
    assert pipeline.predict(TEXTS).tolist() == LABELS


def test_features_for_another_model(folder):
    pipeline = make_pipeline(SentimentTransformer(folder), LogisticRegression(C=1000.0))
    answers = np.array(["keep", "lose", "wait", "keep"])
    assert pipeline.fit(TEXTS, answers).predict(["great day", "bad day"]).tolist() == ["keep", "lose"]


def test_features_stand_beside_other_columns(folder):
    table = pd.DataFrame({"text": TEXTS, "stars": [5, 1, 3, 5]})
    columns = make_column_transformer((SentimentTransformer(folder), "text"), ("passthrough", ["stars"]))
    features = columns.set_output(transform="pandas").fit_transform(table)
    assert [name.split("__")[-1] for name in features.columns] == [
        "sentiment_negative",
        "sentiment_neutral",
        "sentiment_positive",
        "stars",
    ]
    expected = opinionlens.load(folder).predict_proba(TEXTS)
    assert np.array_equal(features.to_numpy(dtype=float)[:, :3], expected)


def test_two_models_side_by_side(folder):
    union = make_union(SentimentTransformer(folder), SentimentTransformer("lexicon"))
    features = union.fit_transform(TEXTS)
    assert features.shape == (4, 6)
    assert np.array_equal(features[:, 3:], opinionlens.lexicon().predict_proba(TEXTS))


@pytest.mark.parametrize("table", [np.array(TEXTS)[:, None], pd.DataFrame({"text": TEXTS})])
def test_a_table_of_one_column_is_a_column(folder, table):
    expected = opinionlens.load(folder).predict_proba(TEXTS)
    assert np.array_equal(SentimentTransformer(folder).transform(table), expected)


def test_a_table_of_two_columns_is_refused(folder):
    with pytest.raises(TypeError, match="DataFrame was given instead of texts"):
        SentimentTransformer(folder).transform(pd.DataFrame({"text": TEXTS, "more": TEXTS}))


def test_a_pickle_of_a_pipeline_is_small(folder):
    pipeline = make_pipeline(SentimentEstimator(folder)).fit(TEXTS, LABELS)
    pickled = pickle.dumps(pipeline)
    assert len(pickled) < 2_000
    assert pickle.loads(pickled).predict(TEXTS).tolist() == LABELS  # noqa: S301 - pickled above


def test_without_scikit_learn_the_import_names_the_extra():
    code = (
        "import sys\n"
        "sys.modules['sklearn'] = None\n"
        "import opinionlens\n"
        "opinionlens.lexicon().predict('fine')\n"
        "try:\n"
        "    import opinionlens.sklearn\n"
        "except ImportError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == (
        f"{ExtraMissing.__name__} opinionlens.sklearn needs scikit-learn, "
        "which `pip install 'opinionlens[pipeline]'` installs.\n"
    )
