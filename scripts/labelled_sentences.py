"""Labelled sentences for `data.files`: the same draw and the same file for every script that makes some."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from opinionlens.base.files import replacing_file
from opinionlens.text.labels import Label

LabelledSentence = tuple[str, Label]


def draw_evenly(
    found: Iterable[LabelledSentence], labels: Sequence[Label], rows: int, seed: int
) -> list[LabelledSentence]:
    """Return a seeded draw with equally many sentences of each label.

    At most `rows` in all; fewer where a label has fewer. It does not depend on the order of `found`.
    """
    by_label: dict[Label, list[str]] = {label: [] for label in labels}
    for text, label in sorted(set(found)):
        by_label[label].append(text)
    each = min(rows // len(by_label), *map(len, by_label.values()))
    drawn = random.Random(seed)  # noqa: S311 - a draw of rows, no secret
    return [(text, label) for label, texts in by_label.items() for text in drawn.sample(texts, each)]


def write_sentences(sentences: Sequence[LabelledSentence], out: Path) -> None:
    """Write a CSV file with `text` and `label`, and say so."""
    with replacing_file(out) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([text, label.value.lower()] for text, label in sentences)
    print(f"{len(sentences)} sentences written to {out}")
