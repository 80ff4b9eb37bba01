"""A smaller part of a dataset: seeded, each class in proportion, and the same part when rows are added.

A row is drawn by a number that follows from the seed and its text alone, as its side of the split does, but
independently of that: the rows with the smallest numbers are taken. So a row that is added takes the place
of one other at most, apart from the rounding of the classes' shares.
"""

from __future__ import annotations

import polars as pl

from opinionlens.datasets.identity import draw_of
from opinionlens.datasets.own_rows import quotas_of
from opinionlens.text.labels import LABELS


def sample_rows(frame: pl.DataFrame, max_rows: int, seed: int) -> pl.DataFrame:
    """Return at most `max_rows` rows of `frame` (it has the columns key and label), in their order."""
    if frame.height <= max_rows:
        return frame
    counts = dict(frame.group_by("label").len().iter_rows())
    quotas = quotas_of({label: counts[label] for label in LABELS if label in counts}, max_rows)
    rows = frame.with_row_index("row").with_columns(
        chance=pl.Series([draw_of(seed, f"sample:{key}") for key in frame["key"]], dtype=pl.Float64)
    )
    taken = [
        rows.filter(pl.col("label") == label.value).sort("chance", "row").head(quota)["row"]
        for label, quota in quotas.items()
    ]
    return frame[pl.concat(taken).sort()]
