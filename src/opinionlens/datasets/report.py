"""Counts of the rows kept and removed, as DVC metrics.

The report holds no time, no path and nothing that differs from one machine to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from opinionlens.datasets.dataset_reading import DatasetRows
from opinionlens.datasets.duplicates import Deduplicated, Removal
from opinionlens.datasets.splits import SPLITS, Leaks
from opinionlens.text.labels import LABELS

_DIGITS = 5


def build_report(
    readings: Sequence[DatasetRows],
    deduplicated: Deduplicated,
    split: pl.DataFrame,
    leaks: Leaks,
    slices: Mapping[str, pl.DataFrame],
    max_rows: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Build the report as a JSON value.

    `split` is the kept frame with its column split. Rows left out by `max_rows` are reported for the sources
    that it names; without it the report has no such keys.
    """
    max_rows = max_rows or {}
    sources = {
        reading.card.name: _of_source(
            reading,
            deduplicated.removed[reading.card.name],
            split.filter(pl.col("source") == reading.card.name),
        )
        for reading in readings
    }
    for source, number in max_rows.items():
        sources[source]["max_rows"] = number
        sources[source]["removed"]["over_max_rows"] = deduplicated.over_max_rows[source]
    over = {"over_max_rows": sum(deduplicated.over_max_rows.values())} if max_rows else {}
    return {
        "rows": _total(sources, split) | over,
        "conflicting_texts": deduplicated.conflicting_texts,
        "leakage": {"texts": leaks.texts, "groups": leaks.groups},
        "splits": {name: _of_split(split, name) for name in SPLITS},
        "slices": {name: frame.height for name, frame in slices.items()},
        "sources": sources,
    }


def _total(sources: Mapping[str, Any], split: pl.DataFrame) -> dict[str, int]:
    return {
        "read": sum(source["rows_in"] for source in sources.values()),
        "rejected": sum(sum(source["rejected"].values()) for source in sources.values()),
        **{reason: sum(source["removed"][reason] for source in sources.values()) for reason in Removal},
        "kept": split.height,
    }


def _of_source(reading: DatasetRows, removed: Mapping[Removal, int], kept: pl.DataFrame) -> dict[str, Any]:
    return {
        "rows_in": reading.rows_in,
        "rejected": dict(reading.rejected),
        "noted": dict(reading.noted),
        "removed": dict(removed),
        "kept": kept.height,
        "labels": _label_shares(kept),
        "splits": {name: _of_split(kept, name) for name in SPLITS},
    }


def _of_split(frame: pl.DataFrame, name: str) -> dict[str, Any]:
    part = frame.filter(pl.col("split") == name)
    share = round(part.height / frame.height, _DIGITS) if frame.height else 0.0
    return {"rows": part.height, "share": share, "labels": _label_shares(part)}


def _label_shares(frame: pl.DataFrame) -> dict[str, float]:
    rows = dict(frame.group_by("label").len().iter_rows())
    return {label: round(rows.get(label, 0) / frame.height, _DIGITS) for label in LABELS if frame.height}
