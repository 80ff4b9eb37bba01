"""A seeded part of a dataset, each class in proportion.

It stays the same part when rows are added. A row is drawn by a number that follows from the seed and its text
alone, as its side of the split does, but independently of that: the rows with the smallest numbers are taken.
So a row that is added takes the place of one other at most, apart from the rounding of the classes' shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from opinionlens.datasets.identity import draw_of
from opinionlens.datasets.own_rows import quotas_of
from opinionlens.text.labels import LABELS


def sample_rows(frame: pl.DataFrame, max_rows: int, seed: int) -> pl.DataFrame:
    """Return at most `max_rows` rows in their order.

    `frame` has the columns key and label.
    """
    if frame.height <= max_rows:
        return frame
    counts = dict(frame.group_by("label").len().iter_rows())
    quotas = quotas_of({label: counts[label] for label in LABELS if label in counts}, max_rows)
    rows = frame.with_row_index("place").with_columns(
        chance=pl.Series([draw_of(seed, f"sample:{key}") for key in frame["key"]], dtype=pl.Float64)
    )
    taken = [
        rows.filter(pl.col("label") == label.value).sort("chance", "place").head(quota)["place"]
        for label, quota in quotas.items()
    ]
    return frame[pl.concat(taken).sort()]


@dataclass(frozen=True, slots=True)
class Sampling:
    """The limits of texts per source.

    A source that is not named gives all it has.
    """

    max_rows: Mapping[str, int]
    seed: int


def take_texts(rows: pl.DataFrame, sampling: Sampling) -> pl.DataFrame:
    """Return the rows of the texts that each source takes.

    No text is taken by two sources. `rows` are those whose copies agree about the label, so that duplicates
    and contradictions cost a source nothing: it gives as many texts as asked, or all that it has. The sources
    choose one after the other, in the order of their first rows, each among the texts that no earlier one has
    taken. A text that two sources hold and the first leaves out is therefore still there for the second.
    """
    taken = []
    remaining = rows
    for source in rows.sort("row")["source"].unique(maintain_order=True):
        own = remaining.filter(pl.col("source") == source)
        if source in sampling.max_rows:
            texts = own.unique("key", keep="first", maintain_order=True)
            chosen = sample_rows(texts, sampling.max_rows[source], sampling.seed).select("key")
            own = own.join(chosen, on="key", how="semi", maintain_order="left")
        taken.append(own)
        remaining = remaining.join(own.select("key"), on="key", how="anti", maintain_order="left")
    return pl.concat(taken)
