"""IMDB reviews: chosen on a fifth of the official training half, then scored once on the test half.

    uv run python benchmarks/imdb.py ../shared/datasets/raw

The file is the one of the `imdb` card; its first 25,000 rows are the official training half, the rest come
from the official test half. Nothing is removed from either, so that the figure compares with published ones.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.intervals import wilson
from opinionlens.families.catalogue import FAMILIES
from opinionlens.features.counts import Counts
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import Recipe

TRAINING_ROWS = 25_000
# Three words in a row tell "not at all good"; 4 texts keep the vocabulary below 500,000 terms.
SPEC = FeatureSpec(Recipe("social-v1", negation_scope=True), word_ngrams=(1, 3))
LIMITS = VocabularyLimits(min_df=4)
CANDIDATES: dict[str, tuple[str, dict[str, float]]] = {
    "nb_svm C=2": ("nb_svm", {"C": 2.0, "ratio_floor": 0.2}),
    "nb_svm C=4": ("nb_svm", {"C": 4.0, "ratio_floor": 0.2}),
    "linear_svc C=0.3": ("linear_svc", {"C": 0.3}),
}


def read_reviews(raw_dir: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Texts and label codes, in the order of the file."""
    codes = {label.value.lower(): code for code, label in enumerate(LABELS)}
    with (raw_dir / "IMDB Dataset" / "IMDB Dataset.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["review"] for row in rows], np.array([codes[row["sentiment"]] for row in rows])


def accuracy(
    name: str, train: Counts, codes: NDArray[np.int64], test: Counts, truth: NDArray[np.int64]
) -> int:
    """How many of the test rows a candidate gets right."""
    family, params = CANDIDATES[name]
    estimator = FAMILIES[family].fit(train, codes, params, seed=42)
    classes = np.array([LABELS.index(label) for label in estimator.classes])
    return int((classes[estimator.decision_values(test).argmax(axis=1)] == truth).sum())


def choose(texts: Sequence[str], codes: NDArray[np.int64]) -> str:
    """The candidate that is right most often on a seeded fifth of the training half."""
    held_out = np.random.default_rng(42).permutation(len(texts)) < len(texts) // 5
    vocabulary, train = Vocabulary.fit(SPEC, [texts[i] for i in np.flatnonzero(~held_out)], words=LIMITS)
    test = vocabulary.transform([texts[i] for i in np.flatnonzero(held_out)])
    right = {name: accuracy(name, train, codes[~held_out], test, codes[held_out]) for name in CANDIDATES}
    for name, count in right.items():
        print(
            f"  held out of the training half: {name:18} {count / held_out.sum():.4f} (n = {held_out.sum()})"
        )
    return max(right, key=lambda name: right[name])


def main() -> None:
    """Choose, refit on the whole training half, score the test half once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("raw_dir", type=Path, help="folder that holds `IMDB Dataset/`")
    texts, codes = read_reviews(parser.parse_args().raw_dir)
    started = time.perf_counter()
    half = slice(0, TRAINING_ROWS)
    chosen = choose(texts[half], codes[half])
    vocabulary, train = Vocabulary.fit(SPEC, texts[half], words=LIMITS)
    test = vocabulary.transform(texts[TRAINING_ROWS:])
    truth = codes[TRAINING_ROWS:]
    right = accuracy(chosen, train, codes[half], test, truth)
    interval = wilson(right, len(truth))
    print(
        f"{chosen}, {len(vocabulary.words):,} terms: accuracy {interval.value:.4f} "
        f"({interval.low:.4f} to {interval.high:.4f}, 95 %), n = {len(truth):,}, "
        f"{time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
