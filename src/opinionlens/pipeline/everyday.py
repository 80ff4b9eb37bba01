"""The everyday sentences of the project, where it has them."""

from __future__ import annotations

import csv

from opinionlens.base.errors import StageFailed
from opinionlens.evaluation.everyday import EverydaySentences
from opinionlens.pipeline.paths import Paths
from opinionlens.text.labels import LABELS

_COLUMNS = ("kind", "text", "label")


def read_everyday(paths: Paths) -> EverydaySentences | None:
    """Read the sentences; None where the project has no such file.

    Raises:
        StageFailed: the file has other columns or labels.
    """
    if not paths.everyday.is_file():
        return None
    with paths.everyday.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows, start=2):
        if set(row) != set(_COLUMNS) or row["label"] not in LABELS:
            raise StageFailed(
                f"Row {number} is no everyday sentence.",
                where=str(paths.everyday),
                remedy=f"The columns are {', '.join(_COLUMNS)}; a label is one of {', '.join(LABELS)}.",
            )
    texts, labels, kinds = (tuple(row[name] for row in rows) for name in ("text", "label", "kind"))
    return EverydaySentences(texts, labels, kinds) if rows else None
