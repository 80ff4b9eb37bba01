"""Every family with its default parameters on the validation split: scores, and seconds to fit.

    uv run dvc repro vectorize_data && uv run python benchmarks/families.py

The test split is not read: it is for the one classifier that the study chooses.
"""

from __future__ import annotations

import time

import numpy as np

from opinionlens.evaluation.intervals import bootstrap
from opinionlens.evaluation.scores import score
from opinionlens.families.catalogue import FAMILIES
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.trials import fit, load_labelled
from opinionlens.text.labels import LABELS


def main() -> None:
    """Fit each once, on one core, and print a Markdown table."""
    paths = Paths()
    train, val = load_labelled(paths.vectorized / "train"), load_labelled(paths.vectorized / "val")
    truth = np.asarray(val.codes)
    print(f"{train.counts.n:,} training texts, {val.counts.n:,} validation texts\n")
    print("| family | macro F1 (95 %) | accuracy | seconds to fit |\n|---|---|---|---|")
    for name, family in FAMILIES.items():
        started = time.perf_counter()
        estimator = fit(name, dict(family.defaults), train, seed=42)
        seconds = time.perf_counter() - started
        decisions = estimator.decision_values(val.counts)
        codes = np.array([LABELS.index(label) for label in estimator.classes])
        predicted = codes[decisions.argmax(axis=1)]
        scores = score(truth, np.eye(len(LABELS))[predicted])
        interval = bootstrap(truth, predicted, seed=42)
        print(
            f"| {family.title} | {interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f}) "
            f"| {scores.accuracy:.4f} | {seconds:.1f} |"
        )


if __name__ == "__main__":
    main()
