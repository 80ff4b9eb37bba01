"""Assignment of texts to training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from opinionlens.base.errors import DatasetMalformed

SPLITS: Final = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class SplitShares:
    """The shares of the splits, summing to 1."""

    train: float
    val: float
    test: float


@dataclass(frozen=True, slots=True)
class Leaks:
    """Counts of texts and groups on several sides.

    Texts are counted by their key. Both must be 0.
    """

    texts: int
    groups: int


def assign_splits(frame: pl.DataFrame, shares: SplitShares) -> pl.DataFrame:
    """Add the column split, decided by each row's draw.

    Below the share of the test a draw is test, then validation. The thresholds are fixed, so the draw of a
    row alone decides, and no other row can move it. The price is that the shares hold up to chance, in the
    whole and in each source and label: of n independent draws a share p gets n p, give or take the square
    root of n p (1 - p). Exact shares would need ranks, and with ranks a new row moves others across. The test
    has the lowest draws, so that a change of the share of validation leaves it alone.
    """
    draw = pl.col("draw")
    side = (
        pl.when(draw < shares.test)
        .then(pl.lit("test"))
        .when(draw < shares.test + shares.val)
        .then(pl.lit("val"))
        .otherwise(pl.lit("train"))
    )
    return frame.with_columns(split=side)


def find_leaks(frame: pl.DataFrame) -> Leaks:
    """Count the texts and groups on more than one side."""
    grouped = frame.filter(pl.col("group").is_not_null())
    return Leaks(texts=_on_several_sides(frame, "key"), groups=_on_several_sides(grouped, "source", "group"))


def check_splits(frame: pl.DataFrame) -> None:
    """Raise if nothing can be learned from this split.

    Raises:
        DatasetMalformed: a split is empty, or the training split has fewer than two classes.
    """
    rows = dict(frame.group_by("split").len().iter_rows())
    empty = [split for split in SPLITS if split not in rows]
    classes = frame.filter(pl.col("split") == "train")["label"].n_unique()
    if empty or classes < 2:
        what = f"no row for {' and '.join(empty)}" if empty else f"only {classes} class to learn from"
        raise DatasetMalformed(
            f"too little data: after duplicates are removed {frame.height} rows are left, {what}",
            where="data",
            remedy="Add data or sources, raise `data.max_rows`, or change `preprocessing.data_splits`.",
        )


def _on_several_sides(frame: pl.DataFrame, *columns: str) -> int:
    sides = frame.group_by(*columns).agg(pl.col("split").n_unique())
    return sides.filter(pl.col("split") > 1).height
