"""What is measured on: labelled files, data sets with a card, and one half of the sets for development."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.duplicates import remove_duplicates
from opinionlens.datasets.finding import Places
from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.own_rows import Wanted, read_own_rows
from opinionlens.datasets.sampling import sample_rows
from opinionlens.evaluation.codes import Codes, label_codes

HALVES = ("a", "b")
BOTH = "all"
# Whatever was chosen on half a was chosen with this seed: another one would mix the halves.
_SEED = "half"
_ALL = 1 << 40


@dataclass(frozen=True)
class LabelledSet:
    """Texts and the codes of their labels; `seen` counts those left out because a model has learnt them."""

    name: str
    texts: Sequence[str]
    truth: Codes
    seen: int = 0


@dataclass(frozen=True)
class Choice:
    """How much of a set is taken: not the texts with a key in `seen`, then a sample of `max_rows`."""

    seen: Collection[str] = ()
    max_rows: int = 10_000
    seed: int = 42


def half_of(text: str) -> str:
    """Return the half that a text belongs to; it follows from the text alone."""
    digest = hashlib.sha256(f"{_SEED}:{text}".encode()).digest()
    return HALVES[digest[-1] % 2]


def keys_in(folder: Path) -> frozenset[str]:
    """Return the keys of all texts that the classifier of a pipeline has learnt: training and validation."""
    parts = [pl.read_parquet(folder / f"{name}.parquet") for name in ("train", "val")]
    return frozenset(with_identity(pl.concat(parts), 0)["key"])


def from_file(path: Path, choice: Choice) -> LabelledSet:
    """Read a labelled file of any kind that `opinionlens evaluate` reads."""
    return _chosen(path.stem, _frame_of(path), choice)


def from_card(name: str, raw_dir: Path, fetched: Path, choice: Choice) -> LabelledSet:
    """Read a data set with a card, each text once, as the pipeline does."""
    (card,) = select_cards([name])
    frame = read_dataset(card, Places(raw=raw_dir, fetched=fetched)).frame
    return _chosen(name, frame, choice, each_once=True)


def from_dev(folder: Path, half: str, choice: Choice) -> list[LabelledSet]:
    """Read one half of every CSV file in a folder, or all of it."""
    sets = []
    for path in sorted(folder.glob("*.csv")):
        frame, name = _frame_of(path), path.stem
        if half != BOTH:
            is_in_half = pl.Series([half_of(text) == half for text in frame["text"]], dtype=pl.Boolean)
            frame, name = frame.filter(is_in_half), f"{name}, half {half}"
        sets.append(_chosen(name, frame, choice))
    return sets


def _frame_of(path: Path) -> pl.DataFrame:
    own = read_own_rows(path, Wanted(max_rows=_ALL))
    labels = [label.value for label in own.labels]
    return pl.DataFrame({"text": list(own.texts), "label": labels, "source": path.stem}).with_columns(
        group=pl.lit(None, pl.String)
    )


def _chosen(name: str, frame: pl.DataFrame, choice: Choice, *, each_once: bool = False) -> LabelledSet:
    rows = with_identity(frame, choice.seed)
    if each_once:
        rows = remove_duplicates(rows).frame
    fresh = rows.filter(~pl.col("key").is_in(list(choice.seen)))
    if fresh.is_empty():
        raise SystemExit(f"{name}: no text is left that the model has not learnt.")
    taken = sample_rows(fresh, choice.max_rows, choice.seed)
    return LabelledSet(
        name, taken["text"].to_list(), label_codes(taken["label"].to_list()), len(rows) - len(fresh)
    )
