"""A small model with a drift reference, of the made-up posts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.support.drift_traffic import BAD, GOOD, HELD_OUT, KNOWN, RECIPE, TRAINING

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Lineage, Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.reference import build_reference
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import LABELS


def write_model(folder: Path, data_hash: str | None, reference: bytes | None = None) -> Path:
    """Write an artifact that weighs the words of opinion; without a reference it makes one, in seconds."""
    files = {"reference.json": reference or make_reference()}
    write_artifact(folder, _manifest(data_hash), _model(), TRAINING[:8], extra_files=files)
    return folder


def make_reference() -> bytes:
    """Return the content of the model's `reference.json`."""
    classifier = _model().classifier(_manifest(None))
    probabilities = classifier.predict_proba(HELD_OUT)
    profile = build_profile(HELD_OUT, probabilities, KNOWN, RECIPE, seed=1, resamples=1_000)
    reference = build_reference(
        texts=TRAINING,
        labels=["NEUTRAL"] * len(TRAINING),
        sources=["posts"] * len(TRAINING),
        probabilities=classifier.predict_proba(TRAINING),
        known_words=KNOWN,
        recipe=RECIPE,
        profile=profile,
    )
    return reference.as_bytes()


def _model() -> LinearModel:
    terms = tuple(sorted(KNOWN | {*GOOD, *BAD}))
    block = Block("words", terms, tf="binary", scale=np.ones(len(terms)), normalise=False)
    coef = np.array([[(term in BAD) * 3.0, 0.0, (term in GOOD) * 3.0] for term in terms]).T.copy()
    return LinearModel(LinearWeights(TextWeights((block,)), coef, np.array([0.0, 1.0, 0.0])))


def _manifest(data_hash: str | None) -> Manifest:
    return Manifest(
        kind="linear",
        labels=LABELS,
        features=FeatureSpec(RECIPE, word_ngrams=(1, 1)),
        calibration=Calibration.none(3),
        uncertainty=Uncertainty(),
        training=Training("linear_svc"),
        lineage=Lineage(data_hash=data_hash),
    )
