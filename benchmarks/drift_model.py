"""A model with a drift reference, for the benchmarks of drift.

Its weights are made up: neither the time of a prediction nor that of a check depends on their values.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Lineage, Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.reference import build_reference
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.tabular.opening import open_source
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

_RECIPE = RECIPES["social-v2"]


def texts_of(file: Path, column: str, most: int) -> list[str]:
    """Return the first texts of a file."""
    with open_source(file, column) as rows:
        found = (text for chunk in rows.chunks() for text in chunk.texts if isinstance(text, str))
        return list(islice(found, most))


def make_model(texts: list[str], folder: Path) -> Path:
    """Write an artifact of the texts' n-grams; return its folder."""
    spec = FeatureSpec(_RECIPE, word_ngrams=(1, 2))
    vocabulary, _ = Vocabulary.fit(spec, texts, words=VocabularyLimits(min_df=2, max_features=50_000))
    terms = vocabulary.words
    coef = np.random.default_rng(1).normal(0, 0.5, (len(LABELS), len(terms)))
    block = Block("words", terms, tf="binary", scale=np.ones(len(terms)), normalise=False)
    model = LinearModel(LinearWeights(TextWeights((block,)), coef, np.zeros(len(LABELS))))
    manifest = Manifest(
        kind="linear",
        labels=LABELS,
        features=spec,
        calibration=Calibration.none(len(LABELS)),
        uncertainty=Uncertainty(min_known_share=0.1),
        training=Training("linear_svc"),
        lineage=Lineage(),
    )
    probabilities = model.classifier(manifest).predict_proba(texts)
    profile = build_profile(texts, probabilities, terms, _RECIPE, seed=1, resamples=500)
    reference = build_reference(
        texts=texts,
        labels=["NEUTRAL"] * len(texts),
        sources=["benchmark"] * len(texts),
        probabilities=probabilities,
        known_words=terms,
        recipe=_RECIPE,
        profile=profile,
    )
    write_artifact(folder, manifest, model, texts[:8], extra_files={"reference.json": reference.as_bytes()})
    return folder
