"""A linear estimator as an ordinary scikit-learn pipeline.

Nothing of our own counting is used, only scikit-learn's vectorizers, so that agreement means something: the
tests of the families and `linear_classifier.py` compare with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from opinionlens.families.estimator import LinearEstimator
from opinionlens.features.counts import FloatArray
from opinionlens.features.spec import DENSE_BLOCKS
from opinionlens.features.vocabulary import Vocabulary
from opinionlens.features.weighting import BlockWeighting
from opinionlens.text.general import opinion_values
from opinionlens.text.lexicon import lexicon_values
from opinionlens.text.recipe import Recipe


def sklearn_pipeline(
    vocabulary: Vocabulary,
    estimator: LinearEstimator,
    *,
    scale: Sequence[float] | None = None,
    bias: Sequence[float] | None = None,
) -> Pipeline:
    """Build a fitted pipeline from raw texts to probabilities.

    `decision_function` gives the estimator's decision values (with two classes their difference, as is usual
    in scikit-learn). `predict_proba` gives their softmax; with the `scale` and `bias` of a calibration, which
    then also apply to the decision values, it gives the calibrated probabilities.
    """
    makers = {
        "words": _word_counter,
        "chars": _char_counter,
        "lexicon": _lexicon_values,
        "opinions": _opinion_values,
    }
    steps = [
        (name, Pipeline([("count", makers[name](vocabulary, block)), ("weigh", _weigher(name, block))]))
        for name, block in estimator.weighting.blocks()
    ]
    factors = {name: block.factor for name, block in estimator.weighting.blocks()}
    union = FeatureUnion(steps, transformer_weights=factors)
    return Pipeline([("features", union), ("model", _model(estimator, scale, bias))])


def lexicon_matrix(texts: Sequence[str], recipe: Recipe) -> FloatArray:
    """Return texts by lexicon values."""
    damp = recipe.damps_repeats
    return np.array(
        [lexicon_values(recipe.pieces(text), damp_repeats=damp) for text in texts], dtype=np.float64
    )


def opinion_matrix(texts: Sequence[str], recipe: Recipe) -> FloatArray:
    """Return texts by opinion values."""
    return np.array([opinion_values(recipe.pieces(text)) for text in texts], dtype=np.float64)


def _word_counter(vocabulary: Vocabulary, block: BlockWeighting) -> CountVectorizer:
    return CountVectorizer(
        binary=block.tf == "binary",
        tokenizer=vocabulary.spec.recipe.tokens,
        token_pattern=None,
        lowercase=False,
        ngram_range=vocabulary.spec.word_ngrams,
        vocabulary=list(vocabulary.words),
    )


def _char_counter(vocabulary: Vocabulary, block: BlockWeighting) -> CountVectorizer:
    return CountVectorizer(
        binary=block.tf == "binary",
        analyzer="char_wb",
        preprocessor=vocabulary.spec.recipe.clean,
        lowercase=False,
        ngram_range=vocabulary.spec.char_ngrams,
        vocabulary=list(vocabulary.chars),
    )


def _lexicon_values(vocabulary: Vocabulary, block: BlockWeighting) -> FunctionTransformer:
    return FunctionTransformer(lexicon_matrix, kw_args={"recipe": vocabulary.spec.recipe})


def _opinion_values(vocabulary: Vocabulary, block: BlockWeighting) -> FunctionTransformer:
    return FunctionTransformer(opinion_matrix, kw_args={"recipe": vocabulary.spec.recipe})


def _weigher(name: str, block: BlockWeighting) -> Any:  # noqa: ANN401 - a fitted transformer
    """Return a transformer with its state set, not fitted."""
    if name in DENSE_BLOCKS:
        scaler = StandardScaler(with_mean=False)
        constant = block.scale == 0  # dividing by infinity removes the column, as the scale 0 does
        scaler.scale_ = np.where(constant, np.inf, 1.0 / np.where(constant, 1.0, block.scale))
        scaler.n_features_in_ = len(block.scale)
        return scaler
    transformer = TfidfTransformer(norm="l2" if block.normalise else None, sublinear_tf=block.tf == "log")
    transformer.idf_ = block.scale
    transformer.n_features_in_ = len(block.scale)
    return transformer


def _model(
    estimator: LinearEstimator, scale: Sequence[float] | None, bias: Sequence[float] | None
) -> LogisticRegression:
    factors = np.ones(len(estimator.classes)) if scale is None else np.asarray(scale)
    coef = estimator.coef * factors[:, None]
    intercept = estimator.intercept * factors + (0.0 if bias is None else np.asarray(bias))
    if len(estimator.classes) == 2:
        coef, intercept = np.diff(coef, axis=0), np.diff(intercept)
    model = LogisticRegression()
    model.classes_ = np.array([str(label) for label in estimator.classes])
    model.coef_, model.intercept_ = coef, intercept
    model.n_features_in_ = coef.shape[1]
    return model
