"""The row sets beside the whole test split.

Slices and sources, for which classifiers are scored as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opinionlens.pipeline.paths import SLICES, Paths
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts


@dataclass(frozen=True)
class RowSet:
    """A named set of rows.

    One of the `slices` or one of the `sources`.
    """

    kind: str
    name: str
    texts: LabelledTexts


def row_sets(paths: Paths) -> Iterator[RowSet]:
    """Yield the slices with rows, then the test split's sources.

    Raises:
        StageFailed: the splits are not there; `dvc repro preprocess_data` makes them.
    """
    for name in SLICES:
        texts = read_labelled_texts(paths.eval_data / f"{name}.parquet")
        if texts.texts:
            yield RowSet("slices", name, texts)
    test = read_labelled_texts(paths.preprocessed / "test.parquet")
    sources = np.array(test.sources)
    for name in sorted(set(test.sources)):
        yield RowSet("sources", name, test.rows(np.flatnonzero(sources == name)))
