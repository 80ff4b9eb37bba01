"""The everyday sentences of the project, where it has them."""

from __future__ import annotations

import csv
from typing import Any

from opinionlens.base.errors import StageFailed
from opinionlens.classifiers.classifier import Classifier
from opinionlens.evaluation.everyday import EverydaySentences, score_everyday
from opinionlens.pipeline.by_length import probabilities_of
from opinionlens.pipeline.card_scores import Drawing, card_scores
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.reporting import rounded
from opinionlens.text.labels import LABELS

_COLUMNS = ("kind", "text", "label")


def read_everyday(paths: Paths) -> EverydaySentences | None:
    """Read the everyday sentences, if the project has any.

    None where the file is missing.

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


def everyday_scores(classifier: Classifier, sentences: EverydaySentences, drawing: Drawing) -> dict[str, Any]:
    """Return the figures on the everyday sentences.

    Those of all, how many wrong predictions are too confident, and `kinds`.
    """
    result = score_everyday(sentences, probabilities_of(classifier, sentences.texts))
    figures: dict[str, Any] = rounded(result.as_dict())
    return figures | card_scores(classifier, sentences.texts, sentences.labels, drawing)
