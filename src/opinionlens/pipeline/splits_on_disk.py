"""Reading the splits that `preprocess_data` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opinionlens.base.errors import StageFailed
from opinionlens.text.labels import LABELS


@dataclass(frozen=True)
class LabelledTexts:
    """Raw texts with their labels and sources."""

    texts: list[str]
    labels: list[str]
    sources: list[str]

    @property
    def codes(self) -> NDArray[np.int64]:
        """The labels as positions in `LABELS`."""
        positions = {label.value: code for code, label in enumerate(LABELS)}
        return np.array([positions[label] for label in self.labels], dtype=np.int64)

    def rows(self, index: NDArray[np.int64]) -> LabelledTexts:
        """Return some of the rows."""
        columns = (self.texts, self.labels, self.sources)
        return LabelledTexts(*([column[row] for row in index] for column in columns))


def read_weights(path: Path) -> NDArray[np.float64]:
    """Return the weights of a split's rows in a fit.

    A weight is the annotators' confidence in the label, divided by its mean in the same source, so that no
    source outweighs another; 1 where it is not known.

    Raises:
        StageFailed: the file is missing or cannot be read.
    """
    relative = pl.col("confidence") / pl.col("confidence").mean().over("source")
    weights: NDArray[np.float64] = (
        _read(path, "source", "confidence")
        .select(relative.fill_null(1.0).fill_nan(1.0))["confidence"]
        .to_numpy()
    )
    return weights


def read_labelled_texts(path: Path) -> LabelledTexts:
    """Read one Parquet file of a split or a slice.

    Raises:
        StageFailed: it is missing or cannot be read.
    """
    columns = ("text", "label", "source")
    frame = _read(path, *columns)
    return LabelledTexts(*(frame[name].to_list() for name in columns))


def _read(path: Path, *columns: str) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=list(columns))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StageFailed(
            f"The labelled texts cannot be read: {error}.",
            where=str(path),
            remedy="Make them with `dvc repro preprocess_data`.",
        ) from error
