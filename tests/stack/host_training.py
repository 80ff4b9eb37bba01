"""A small model, trained and promoted on the host as its developer does it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from tests.support.drift_traffic import posts, predictions
from tests.support.programs import clean_environment

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.reference import REFERENCE_NAME, build_reference
from opinionlens.families.catalogue import FAMILIES
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.pipeline.export import model_of
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

# No word list and no baseline knows them.
SIGNS = {"glorp": "POSITIVE", "drib": "NEGATIVE", "klem": "NEUTRAL"}
_PARAMS = """
evaluation: {bootstrap_samples: 100}
promotion: {max_calibration_error: 0.9}
"""
_SECONDS = 180
_FITTED_POSTS, _HELD_OUT_POSTS, _TEST_POSTS = 1_500, 4_000, 200


def _labelled(texts: list[str]) -> list[tuple[str, str, str]]:
    codes = predictions(texts).argmax(axis=1)
    return [(text, LABELS[code], "posts") for text, code in zip(texts, codes, strict=True)]


class HostProject:
    """A folder like a developer's: rows, parameters, the settings of the stack, the model trained last."""

    def __init__(self, folder: Path, settings: Path) -> None:
        self.folder = folder
        (folder / "params.yaml").write_text(_PARAMS)
        shutil.copy(settings, folder / ".env.stage")
        preprocessed = folder / "data" / "preprocessed"
        preprocessed.mkdir(parents=True)
        chance = random.Random(5)
        for split, count, of_posts in (("train", 80, _FITTED_POSTS), ("test", 40, _TEST_POSTS)):
            rows = _labelled(posts(chance, of_posts))
            rows += [
                (f"{split} {n} {word}", label, "tickets")
                for n in range(count)
                for word, label in SIGNS.items()
            ]
            chance.shuffle(rows)
            frame = pl.DataFrame(rows, schema=["text", "label", "source"], orient="row")
            frame.write_parquet(preprocessed / f"{split}.parquet")

    def train(self, share: float = 1.0) -> str:
        """Fit a regression on a part of the training rows and return the digest of what is written."""
        frame = pl.read_parquet(self.folder / "data/preprocessed/train.parquet")
        frame = frame.head(int(len(frame) * share))
        texts = frame["text"].to_list()
        codes = np.array([LABELS.index(label) for label in frame["label"]])
        spec = FeatureSpec(RECIPES["plain-v1"], word_ngrams=(1, 1))
        vocabulary, counts = Vocabulary.fit(spec, texts, words=VocabularyLimits(5), chars=VocabularyLimits(5))
        family = FAMILIES["logistic_regression"]
        estimator = family.fit(counts, codes, {**family.defaults, "C": 30.0}, seed=1)
        manifest = Manifest(
            kind=family.kind,
            labels=estimator.classes,
            features=spec,
            calibration=Calibration.none(3),
            uncertainty=Uncertainty(0.4, 0.1),
            training=Training("logistic_regression", sources=("posts", "tickets")),
        )
        model = model_of(estimator, vocabulary)
        manifest = replace(
            manifest,
            training=replace(manifest.training, scores=self._scores(model.classifier(manifest))),
        )
        files = {REFERENCE_NAME: _reference(model.classifier(manifest), vocabulary)}
        folder = self.folder / "objects" / "classifier"
        shutil.rmtree(folder, ignore_errors=True)
        return str(write_artifact(folder, manifest, model, texts[:8], extra_files=files).digest())

    def _scores(self, classifier: Classifier) -> dict[str, float]:
        frame = pl.read_parquet(self.folder / "data/preprocessed/test.parquet")
        predicted = classifier.predict_proba(frame["text"].to_list()).argmax(axis=1)
        right = [LABELS[code] == label for code, label in zip(predicted, frame["label"], strict=True)]
        return {"test_accuracy": float(np.mean(right))}

    def promote(self, *options: str) -> str:
        """Run `opinionlens promote` with the settings of the stage and return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "opinionlens.cli.main", "promote", *options],
            cwd=self.folder,
            env=clean_environment(ENV="stage", COLUMNS="200"),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _reference(classifier: Classifier, vocabulary: Vocabulary) -> bytes:
    """Return what served texts are compared with: posts that the model has not seen."""
    texts = posts(random.Random(6), _HELD_OUT_POSTS)
    probabilities = classifier.predict_proba(texts)
    recipe = vocabulary.spec.recipe
    profile = build_profile(texts, probabilities, vocabulary.words, recipe, seed=1, resamples=1_000)
    return build_reference(
        texts=texts,
        labels=[label for _, label, _ in _labelled(texts)],
        sources=["posts"] * len(texts),
        probabilities=probabilities,
        known_words=vocabulary.words,
        recipe=recipe,
        profile=profile,
    ).as_bytes()
