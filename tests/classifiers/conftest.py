"""Small real classifiers with random weights, and the same sums worked out the long way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearClassifier, LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Lineage, Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.general import OPINION_FEATURES, opinion_values
from opinionlens.text.labels import LABELS
from opinionlens.text.lexicon import LEXICON_FEATURES
from opinionlens.text.ngrams import char_ngrams, word_ngrams
from opinionlens.text.recipe import RECIPES

TEXTS = (
    "The crew was great, the food was great too!",
    "worst flight EVER, never again @united http://t.co/x",
    "ok, boarding at gate 12",
    "I don't love it :( but the seat is fine",
    "Sooooo happy!!! ❤️ thank you thank you",
    "delayed delayed delayed",
    "",
    "¿Dónde está mi maleta? No está aquí &amp; nadie sabe",
)


def terms_of(spec: FeatureSpec, texts: Sequence[str]) -> dict[str, list[str]]:
    """Every second term of the texts, so that some are unknown; and all dense features."""
    tokens = [spec.recipe.tokens(text) for text in texts]
    terms: dict[str, list[str]] = {}
    if spec.word_ngrams:
        terms["words"] = sorted({gram for row in tokens for gram in word_ngrams(row, *spec.word_ngrams)})[::2]
    if spec.char_ngrams:
        grams = {gram for row in tokens for token in row for gram in char_ngrams(token, *spec.char_ngrams)}
        terms["chars"] = sorted(grams)[::2]
    if spec.lexicon:
        terms["lexicon"] = list(LEXICON_FEATURES)
    if spec.opinions:
        terms["opinions"] = list(OPINION_FEATURES)
    return terms


def random_weights(
    spec: FeatureSpec, *, tf: str, normalise: bool, labels: int, seed: int = 0
) -> LinearWeights:
    rng = np.random.default_rng(seed)
    blocks = tuple(
        Block(
            name=name,  # type: ignore[arg-type]
            terms=terms,
            tf="count" if name in ("lexicon", "opinions") else tf,  # type: ignore[arg-type]
            scale=rng.uniform(0.5, 3, len(terms)),
            normalise=normalise,
            factor=rng.uniform(0.5, 2),
        )
        for name, terms in terms_of(spec, TEXTS).items()
    )
    text = TextWeights(blocks)
    return LinearWeights(text, rng.normal(size=(labels, text.columns)), rng.normal(size=labels))


def row_the_long_way(spec: FeatureSpec, weights: TextWeights, text: str) -> list[float]:
    """One row of the matrix by the definition of `Block`, term by term with dictionaries."""
    tokens = spec.recipe.tokens(text)
    weighed: list[float] = []
    for block in weights.blocks:
        if block.name == "words":
            counts = dict(Counter(word_ngrams(tokens, *spec.word_ngrams)))
        elif block.name == "chars":
            counts = dict(Counter(gram for token in tokens for gram in char_ngrams(token, *spec.char_ngrams)))
        elif block.name == "opinions":
            counts = dict(zip(OPINION_FEATURES, opinion_values(spec.recipe.pieces(text)), strict=True))
        else:
            counts = dict(zip(LEXICON_FEATURES, spec.tokens_and_lexicon(text)[1], strict=True))
        values = []
        for term, scale in zip(block.terms, block.scale.tolist(), strict=True):
            count = counts.get(term, 0)
            tf = (
                {"count": count, "binary": 1.0, "log": 1 + math.log(count) if count > 0 else 0}[block.tf]
                if count
                else 0
            )
            values.append(tf * scale)
        norm = math.sqrt(math.fsum(value * value for value in values))
        if block.normalise and norm:
            values = [value / norm for value in values]
        weighed += [value * block.factor for value in values]
    return weighed


def decision_the_long_way(spec: FeatureSpec, weights: LinearWeights, text: str) -> list[float]:
    weighed = row_the_long_way(spec, weights.text, text)
    return [
        math.fsum([bias, *(u * w for u, w in zip(weighed, row, strict=True))])
        for row, bias in zip(weights.coef.tolist(), weights.intercept.tolist(), strict=True)
    ]


def manifest_for(spec: FeatureSpec, labels: int = 3, **changes: object) -> Manifest:
    fields = {
        "kind": "linear",
        "labels": LABELS if labels == 3 else (LABELS[0], LABELS[2]),
        "features": spec,
        "calibration": Calibration(Method.VECTOR, (0.9, 1.1, 1.3)[:labels], (0.1, -0.2, 0.3)[:labels]),
        "uncertainty": Uncertainty(min_confidence=0.4, min_known_share=0.3, min_words=4),
        "training": Training(
            "logistic_regression", {"C": 1.5, "class_weight": None}, ("brand_tweets",), 100, {"f1": 0.5}
        ),
        "lineage": Lineage(run_id="r1", data_hash="d1", git_commit="c1", code_version="0.1.0"),
    }
    return Manifest(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def texts() -> tuple[str, ...]:
    return TEXTS


@pytest.fixture
def long_way() -> Callable[[FeatureSpec, LinearWeights, str], list[float]]:
    return decision_the_long_way


@pytest.fixture
def long_row() -> Callable[[FeatureSpec, TextWeights, str], list[float]]:
    return row_the_long_way


@pytest.fixture
def make_weights() -> Callable[..., LinearWeights]:
    return random_weights


@pytest.fixture
def make_manifest() -> Callable[..., Manifest]:
    return manifest_for


@pytest.fixture
def spec() -> FeatureSpec:
    return FeatureSpec(RECIPES["social-v1"], word_ngrams=(1, 2), char_ngrams=(2, 4), lexicon=True)


@pytest.fixture
def weights(spec: FeatureSpec) -> LinearWeights:
    return random_weights(spec, tf="log", normalise=True, labels=3)


@pytest.fixture
def manifest(spec: FeatureSpec) -> Manifest:
    return manifest_for(spec)


@pytest.fixture
def classifier(manifest: Manifest, weights: LinearWeights) -> LinearClassifier:
    return LinearClassifier(manifest, weights)


@pytest.fixture
def artifact(tmp_path: Path, manifest: Manifest, weights: LinearWeights) -> Path:
    path = tmp_path / "classifier"
    write_artifact(path, manifest, LinearModel(weights), TEXTS)
    return path
