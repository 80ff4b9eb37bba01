"""New labelled texts for a retraining: where they come from.

They come from feedback, from the review queue and from labelled files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from opinionlens.base.errors import InputError
from opinionlens.base.files import write_json
from opinionlens.datasets.identity import key_of
from opinionlens.datasets.own_rows import Wanted, read_own_rows
from opinionlens.storage import Database
from opinionlens.storage.feedback import REVIEW, labelled_rows
from opinionlens.text.deduplication import deduplication_key
from opinionlens.text.labels import Label

MOST_FILE_ROWS = 200_000
MOST_FEEDBACK_ROWS = 200_000


class LabelOrigin(StrEnum):
    """The kind of source of a label."""

    FILE = "file"
    REVIEW = "review"
    READERS = "readers"  # feedback from anybody

    @property
    def is_trusted(self) -> bool:
        """Whether known people gave the label."""
        return self is not LabelOrigin.READERS


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its label and origin.

    `key` identifies the text up to case, punctuation and links; `source` is the name of the file, or what the
    feedback says.
    """

    key: str
    text: str
    label: Label
    origin: LabelOrigin
    source: str


def labelled_text(text: str, label: Label, origin: LabelOrigin, source: str) -> LabelledText:
    """Return a labelled text with its key."""
    return LabelledText(key_of(deduplication_key(text), text), text, label, origin, source)


def labels_of_file(path: Path) -> list[LabelledText]:
    """Read a labelled file; its columns are found by name.

    Raises:
        InputError: it cannot be read, has no labelled texts, or more rows than are taken.
    """
    rows = read_own_rows(path, Wanted(max_rows=MOST_FILE_ROWS))
    if rows.usable > len(rows.texts):
        raise InputError(
            f"It has {rows.usable:,} labelled texts; at most {MOST_FILE_ROWS:,} are taken.",
            where=str(path),
            remedy="Put it under `data.raw_dir` and name it in `params.yaml: data.files`.",
        )
    return [
        labelled_text(text, label, LabelOrigin.FILE, path.name)
        for text, label in zip(rows.texts, rows.labels, strict=True)
    ]


def labels_of_feedback(database: Database) -> list[LabelledText]:
    """Read the newest feedback with a known text.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    found: list[LabelledText] = []
    for row in labelled_rows(database):
        origin = LabelOrigin.REVIEW if row.source == REVIEW else LabelOrigin.READERS
        found.append(labelled_text(row.text, row.label, origin, row.source))
        if len(found) >= 2 * MOST_FEEDBACK_ROWS:
            del found[:MOST_FEEDBACK_ROWS]
    return found[-MOST_FEEDBACK_ROWS:]


def digest_of(rows: Iterable[LabelledText], *others: object) -> str:
    """Return a SHA-256 of labels and other JSON values.

    Order and repetition of rows do not matter.
    """
    labels = sorted({f"{row.key} {row.label.value} {row.origin.value}" for row in rows})
    content = json.dumps([labels, *others], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def write_rows(path: Path, rows: Iterable[LabelledText]) -> None:
    """Write rows so that a later run knows them.

    The texts of feedback are left out: they are read from the database again, unless their authors have had
    them deleted.
    """
    write_json(path, [_as_json(row) for row in rows])


def read_rows(path: Path) -> list[LabelledText]:
    """Read rows that were written by `write_rows`.

    Those of feedback have an empty text.
    """
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        LabelledText(row["key"], row["text"], Label(row["label"]), LabelOrigin(row["origin"]), row["source"])
        for row in rows
    ]


def _as_json(row: LabelledText) -> dict[str, Any]:
    return {
        "key": row.key,
        "text": row.text if row.origin is LabelOrigin.FILE else "",
        "label": row.label.value,
        "origin": row.origin.value,
        "source": row.source,
    }
