"""Labelled tweets: those to train on, usual ones to serve, and a topic that no training text has."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from benchmarks.drift.__main__ import split_brands

from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.duplicates import remove_duplicates
from opinionlens.datasets.finding import Places
from opinionlens.datasets.identity import with_identity
from opinionlens.pipeline.paths import Paths

SEED = 42
# Of the traffic after the turn, and of all texts that the new version learns from.
TOPIC_SHARE = 0.15
WINDOW = 1_000
# Of the usual texts: enough for three windows.
SHARE_SERVED = 0.2


@dataclass(frozen=True)
class Labelled:
    """A text and its label in capitals."""

    text: str
    label: str


@dataclass
class Texts:
    """Texts of each part; none is served twice."""

    pipeline: Path
    usual: list[Labelled]
    topic: list[Labelled]

    def window(self, share: float) -> list[Labelled]:
        """Return the next window with this share of the topic, in random order."""
        of_topic = round(WINDOW * share)
        found = _taken(self.topic, of_topic) + _taken(self.usual, WINDOW - of_topic)
        random.Random(len(self.usual)).shuffle(found)
        return found

    def write_labels(self, path: Path, count: int) -> None:
        """Write so many labelled texts of the topic to a CSV file."""
        rows = _taken(self.topic, count)
        frame = pl.DataFrame({"text": [row.text for row in rows], "label": [row.label for row in rows]})
        frame.write_csv(path)


def read_texts(raw_dir: Path, folder: Path) -> Texts:
    """Split brand tweets without airlines into two files, and read tweets to airlines."""
    split_brands(folder, raw_dir, without_airlines=True, share_served=SHARE_SERVED)
    [card] = select_cards(["airline_tweets"])
    places = Places(raw=raw_dir, fetched=Paths(Path()).fetched)
    airlines = remove_duplicates(with_identity(read_dataset(card, places).frame, SEED)).frame
    chance = random.Random(SEED)
    usual, topic = _rows(pl.read_csv(folder / "served.csv")), _rows(airlines)
    chance.shuffle(usual)
    chance.shuffle(topic)
    return Texts(folder / "pipeline.csv", usual, topic)


def _rows(frame: pl.DataFrame) -> list[Labelled]:
    return [Labelled(*row) for row in frame.select("text", "label").iter_rows()]


def _taken(rows: list[Labelled], count: int) -> list[Labelled]:
    if len(rows) < count:
        raise RuntimeError(f"{count} texts are wanted, {len(rows)} are left")
    taken = rows[-count:] if count else []
    del rows[len(rows) - count :]
    return taken
