"""Fitting to shares of the classes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.families.conftest import corpus_of

from opinionlens.families.soft_targets import fit_to_shares
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES


@pytest.fixture(scope="module")
def counted():
    corpus = corpus_of([0, 1, 2], 300, seed=3)
    spec = FeatureSpec(RECIPES["social-v2"], word_ngrams=(1, 1))
    vocabulary, counts = Vocabulary.fit(spec, corpus.texts)
    return corpus, vocabulary, counts


def decided(estimator, vocabulary, text):
    return dict(zip(LABELS, estimator.decision_values(vocabulary.transform([text]))[0], strict=True))


def test_whole_labels_are_learnt(counted) -> None:
    corpus, _, counts = counted
    found = fit_to_shares(counts, np.eye(3)[corpus.codes], np.ones(300), strength=1.0, seed=1)
    right = found.decision_values(counts).argmax(axis=1) == corpus.codes
    assert right.mean() > 0.95
    assert found.converged


def test_a_share_pulls_as_far_as_it_goes(counted) -> None:
    corpus, vocabulary, counts = counted
    shares = np.eye(3)[corpus.codes]
    unsure = shares.copy()
    unsure[corpus.codes == 2] = [0.0, 0.4, 0.6]
    sure, less = (
        fit_to_shares(counts, given, np.ones(300), strength=1.0, seed=1) for given in (shares, unsure)
    )
    text = "great lovely perfect"
    assert decided(sure, vocabulary, text)["POSITIVE"] > decided(less, vocabulary, text)["POSITIVE"]
    assert decided(sure, vocabulary, text)["NEUTRAL"] < decided(less, vocabulary, text)["NEUTRAL"]


def test_a_text_without_weight_teaches_nothing(counted) -> None:
    corpus, vocabulary, counts = counted
    shares = np.eye(3)[corpus.codes]
    lies = shares[:, ::-1]
    weights = np.ones(600)
    weights[300:] = 1e-9
    both = counts.rows(np.r_[np.arange(300), np.arange(300)])
    found = fit_to_shares(both, np.concatenate((shares, lies)), weights, strength=1.0, seed=1)
    values = decided(found, vocabulary, "awful broken rude")
    assert max(values, key=values.__getitem__) == "NEGATIVE"
