"""Labelled rows and predictions as arrays for `evaluation.own_data`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.prediction import Prediction
from opinionlens.datasets.own_rows import OwnRows
from opinionlens.evaluation.codes import label_codes
from opinionlens.evaluation.own_data import Answers, LabelledRows
from opinionlens.evaluation.own_data_report import DataFacts


def answers_of(name: str, manifest: Manifest, predictions: Sequence[Prediction]) -> Answers:
    """Return a model's predictions as arrays.

    `manifest` is the model's.
    """
    probabilities = np.array([each.probabilities for each in predictions], dtype=np.float64)
    reasons = [None if each.reason is None else each.reason.value for each in predictions]
    return Answers(name, probabilities, reasons, manifest.training.sources)


def rows_of(own: OwnRows) -> LabelledRows:
    """Return the rows in the form that is measured."""
    return LabelledRows(label_codes(own.labels), own.texts, own.numbers)


def facts_of(own: OwnRows) -> DataFacts:
    """Return the report's facts about the file."""
    text_column, label_column = own.columns
    return DataFacts(
        file=own.file,
        text_column=text_column,
        label_column=label_column,
        rows_in=own.rows_in,
        usable=own.usable,
        left_out=own.left_out,
        meanings=own.meanings,
        notes=own.notes,
        seed=own.seed,
    )
