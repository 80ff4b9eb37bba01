"""Whole columns against row by row: deduplication keys of about 60,000 real texts.

    python benchmarks/preprocess.py --raw-dir ../shared/datasets/raw

Row by row is pandas' `apply` of the scalar function that the bulk form must equal; that it does is checked
for every text. Both run in turns and the best round counts, because on a shared machine the mean measures
the neighbours. The polars side may use every core, as it does in the pipeline; the last column is of
processor time, which does not count that.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.finding import Places
from opinionlens.text import bulk
from opinionlens.text.deduplication import deduplication_key

SOURCES = ("imdb", "airline_tweets", "amazon_food")


@dataclass(frozen=True)
class Step:
    """The same work in two forms."""

    name: str
    scalar: Callable[[str], Any]
    whole: Callable[[pl.Series], pl.Series]


def keys_of(texts: pl.Series) -> pl.Series:
    return texts.to_frame("text").select(bulk.deduplication_key(pl.col("text"))).to_series()


STEPS = (Step("deduplication key", deduplication_key, keys_of),)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and of the processor."""

    clock: float
    processor: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.clock + other.clock, self.processor + other.processor)


def read_texts(raw_dir: Path) -> pl.Series:
    places = Places(raw=raw_dir, fetched=raw_dir)
    return pl.concat([read_dataset(card, places).frame["text"] for card in select_cards(SOURCES)])


def timed(work: Callable[[], Any]) -> tuple[Any, Cost]:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Cost(time.perf_counter() - clock, time.process_time() - processor)


def compare(step: Step, texts: pl.Series, rows: pd.Series, rounds: int) -> tuple[Cost, Cost]:
    """The best cost of each form, after making sure that both give the same."""
    slow, fast = [], []
    for _ in range(rounds):
        by_row, cost = timed(lambda: rows.apply(step.scalar))
        slow.append(cost)
        whole, cost = timed(lambda: step.whole(texts))
        fast.append(cost)
        assert whole.to_list() == by_row.to_list(), step.name
    return min(slow, key=lambda c: c.clock), min(fast, key=lambda c: c.clock)


def line(name: str, slow: Cost, fast: Cost) -> str:
    ratios = f"{slow.clock / fast.clock:.1f} | {slow.processor / fast.processor:.1f}"
    return f"| {name} | {slow.clock:.2f} | {fast.clock:.2f} | {ratios} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw-dir", type=Path, required=True, help="where the datasets of the cards lie")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    texts = read_texts(args.raw_dir)
    rows = pd.Series(texts.to_list(), dtype=object)
    print(
        f"{len(texts):,} texts, {texts.str.len_chars().sum():,} characters, {pl.thread_pool_size()} cores\n"
    )
    print("| step | pandas apply, s | whole columns, s | ratio | ratio, processor |\n|---|---|---|---|---|")
    costs = []
    for step in STEPS:
        costs.append(compare(step, texts, rows, args.rounds))
        print(line(step.name, *costs[-1]), flush=True)
    zero = Cost(0.0, 0.0)
    print(line("all", sum((slow for slow, _ in costs), zero), sum((fast for _, fast in costs), zero)))


if __name__ == "__main__":
    main()
