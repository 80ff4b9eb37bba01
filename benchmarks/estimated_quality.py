"""Estimated quality beside the truth, on held-out data under constructed shifts.

    uv run python -m benchmarks.estimated_quality objects/classifier data/preprocessed \
        --raw-dir DATA/raw --dev DATA/dev

Prints Markdown. Accuracy and macro F1 as `opinionlens drift check` estimates them from the probabilities
alone, and as the labels have them, each with its 95 % interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.quality import sets
from numpy.typing import NDArray

from opinionlens.classifiers.load import load_classifier
from opinionlens.drift.estimated_quality import QualitySums
from opinionlens.evaluation.codes import label_codes
from opinionlens.evaluation.intervals import Interval, bootstrap, wilson
from opinionlens.evaluation.polarity import is_two_class

SEED = 42
AT_ONCE = 500
CARDS = ("airline_tweets", "imdb", "amazon_food")
NEGATIONS = r"(?i)\b(not|no|never|nothing|cannot|\w+n['’]t)\b"


@dataclass(frozen=True)
class Shift:
    """Labelled texts of one kind; codes of the labels."""

    name: str
    texts: list[str]
    truth: NDArray[np.int64]


def main() -> None:
    """Measure one model under every shift."""
    options = _options()
    classifier = load_classifier(options.model)
    print("| shift | texts | accuracy: estimated | true | off | macro F1: estimated | true | off |")
    print("|---|---:|---|---|---:|---|---|---:|")
    for shift in _shifts(options):
        sums, predicted = QualitySums(), []
        for start in range(0, len(shift.texts), AT_ONCE):
            found = classifier.predict_many(shift.texts[start : start + AT_ONCE])
            probabilities = np.array([one.probabilities for one in found])
            sums.add(probabilities)
            predicted.append(probabilities.argmax(axis=1))
        print(_row(shift, sums, np.concatenate(predicted)), flush=True)


def _row(shift: Shift, sums: QualitySums, predicted: NDArray[np.int64]) -> str:
    estimate = sums.estimate()
    if estimate is None:
        raise SystemExit(f"{shift.name}: no texts.")
    n = len(shift.texts)
    accuracy = wilson(int((shift.truth == predicted).sum()), n)
    macro_f1 = bootstrap(shift.truth, predicted, seed=SEED)
    cells = [shift.name, f"{n:,}"]
    for ours, true in ((estimate.accuracy, accuracy), (estimate.macro_f1, macro_f1)):
        cells += [_limits(ours), _limits(true), f"{ours.value - true.value:+.3f}"]
    if is_two_class(shift.truth):  # a mean of two classes and one of three are no pair
        cells[-3:] = ["–"] * 3
    return f"| {' | '.join(cells)} |"


def _limits(interval: Interval) -> str:
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def _shifts(options: argparse.Namespace) -> Iterator[Shift]:
    frame = pl.read_parquet(options.preprocessed / "test.parquet")
    texts, truth = frame["text"].to_list(), label_codes(frame["label"].to_list())
    yield Shift("none: the test split", texts, truth)
    chance = np.random.default_rng(SEED)
    for name, shares in (
        ("label shift: 80 % negative", (0.8, 0.1, 0.1)),
        ("label shift: 80 % neutral", (0.1, 0.8, 0.1)),
        ("label shift: 80 % positive", (0.1, 0.1, 0.8)),
    ):
        rows = _rows_with(shares, truth, chance)
        yield Shift(name, [texts[row] for row in rows], truth[rows])
    negated = np.flatnonzero(frame["text"].str.contains(NEGATIONS).to_numpy())
    yield Shift("only texts with a negation", [texts[row] for row in negated], truth[negated])
    for word in ("delivery", "flight", "phone"):
        about = np.flatnonzero(frame["text"].str.contains(rf"(?i)\b{word}s?\b").to_numpy())
        if len(about) >= 200:
            yield Shift(f"only texts about “{word}”", [texts[row] for row in about], truth[about])
    for name, change in CHANGES.items():
        yield Shift(name, [change(text) for text in texts], truth)
    choice = sets.Choice(seen=sets.keys_in(options.preprocessed), max_rows=options.max_rows, seed=SEED)
    others = []
    if options.dev:
        others += sets.from_dev(options.dev, sets.BOTH, choice)
    if options.raw_dir:
        others += [sets.from_card(name, options.raw_dir, Path("data/fetched"), choice) for name in CARDS]
    for one in others:
        yield Shift(f"other domain: {one.name}", list(one.texts), one.truth)


def _rows_with(
    shares: tuple[float, ...], truth: NDArray[np.int64], chance: np.random.Generator
) -> NDArray[np.int64]:
    """Draw rows without replacement, as many as keep these shares of labels."""
    rows = [np.flatnonzero(truth == code) for code in range(len(shares))]
    whole = min(len(each) / share for each, share in zip(rows, shares, strict=True))
    return np.concatenate(
        [
            chance.choice(each, int(whole * share), replace=False)
            for each, share in zip(rows, shares, strict=True)
        ]
    )


def _mojibake(text: str) -> str:
    """UTF-8 read as Windows-1252, with the apostrophes that phones type."""
    return text.replace("'", "’").encode("utf-8", "replace").decode("cp1252", "replace")


CHANGES: dict[str, Callable[[str], str]] = {
    "mojibake": _mojibake,
    "cut after 40 characters": lambda text: text[:40],
    "without spaces": lambda text: text.replace(" ", ""),
    "every second word lost": lambda text: " ".join(text.split()[::2]),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.estimated_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, help="a folder with an artifact")
    parser.add_argument("preprocessed", type=Path, help="data/preprocessed of the model's own training")
    parser.add_argument("--dev", type=Path, help="a folder of labelled CSV files of other kinds")
    parser.add_argument("--raw-dir", type=Path, help="where the files of data sets with a card are")
    parser.add_argument("--max-rows", type=int, default=5_000, help="of each other set")
    return parser.parse_args()


if __name__ == "__main__":
    main()
