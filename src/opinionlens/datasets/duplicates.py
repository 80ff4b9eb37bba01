"""Removal of duplicates and conflicting labels across all sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from opinionlens.datasets.sampling import Sampling, take_texts


class Removal(StrEnum):
    """A reason why a readable row is not used."""

    DUPLICATE_WITHIN = "duplicate_within_source"
    DUPLICATE_ACROSS = "duplicate_of_another_source"
    CONFLICTING_LABEL = "conflicting_label"  # copies of its text have other labels; all of them go


@dataclass(frozen=True)
class Deduplicated:
    """The remaining rows, one per key, and counts of removals.

    `removed` counts by source and reason. `over_max_rows` counts, for each source with a limit, the rows of
    texts that no source has taken.
    """

    frame: pl.DataFrame
    removed: dict[str, dict[Removal, int]]
    conflicting_texts: int
    over_max_rows: dict[str, int] = field(default_factory=dict)


def remove_duplicates(frame: pl.DataFrame, sampling: Sampling | None = None) -> Deduplicated:
    """Keep one row per `key`, none if its labels differ.

    Of several copies the one with the smallest draw stays, then the first in the order of the frame. Copies
    differ in their draws only where a dataset names authors. As the test split has the smallest draws, such a
    copy, added later, can bring a text into it but never out of it. With limits (`sampling`) the copies of
    the source that takes a text come first.

    The result is ordered by draw: a seeded shuffle that does not depend on the order of the sources.
    """
    rows = frame.with_row_index("row")
    keys = rows.group_by("key").agg(agree=pl.col("label").min() == pl.col("label").max())
    checked = rows.join(keys, on="key", maintain_order="left")
    agreed = checked.filter("agree").sort("draw", "row")
    taken = take_texts(agreed, sampling) if sampling else agreed
    kept = taken.unique("key", keep="first", maintain_order=True)
    copies = agreed.join(kept.select("key", "row", winner="source"), on="key").filter(
        pl.col("row") != pl.col("row_right")
    )
    same = pl.col("source") == pl.col("winner")
    removed = [
        (Removal.CONFLICTING_LABEL, checked.filter(~pl.col("agree"))),
        (Removal.DUPLICATE_WITHIN, copies.filter(same)),
        (Removal.DUPLICATE_ACROSS, copies.filter(~same)),
    ]
    return Deduplicated(
        frame=kept.sort("draw", "key").select(frame.columns),
        removed={
            source: _count_removed(source, removed) for source in frame["source"].unique(maintain_order=True)
        },
        conflicting_texts=keys.filter(~pl.col("agree")).height,
        over_max_rows=_count_left_out(agreed, kept, sampling) if sampling else {},
    )


def _count_left_out(agreed: pl.DataFrame, kept: pl.DataFrame, sampling: Sampling) -> dict[str, int]:
    left = agreed.join(kept, on="key", how="anti")
    return {source: left.filter(pl.col("source") == source).height for source in sampling.max_rows}


def _count_removed(source: str, removed: list[tuple[Removal, pl.DataFrame]]) -> dict[Removal, int]:
    return {reason: rows.filter(pl.col("source") == source).height for reason, rows in removed}
