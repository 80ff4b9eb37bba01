"""The weights of a classifier as plain data.

Vocabularies, weighting and coefficients in one .npz.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast, get_args

import numpy as np
import numpy.typing as npt

from opinionlens.base.artifact_limits import MAX_ARTIFACT_BYTES, plain_file_size
from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.archives import checked_archive, read_array
from opinionlens.classifiers.linear.general_weights import ARRAYS as GENERAL_ARRAYS
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.classifiers.linear.weight_arrays import (
    check_array,
    check_floats,
    refuse_weights,
    terms_from_arrays,
    terms_to_arrays,
)
from opinionlens.features.calibration import FloatArray
from opinionlens.features.spec import DENSE_BLOCKS, BlockName, TermFrequency

Arrays = Mapping[str, npt.NDArray[Any]]

BLOCK_NAMES: tuple[BlockName, ...] = get_args(BlockName)
_MOST_SHOWN = 40
_PARTS = ("terms", "lengths", "scale", "tf", "normalise", "factor")


@dataclass(frozen=True, eq=False)
class Block:
    """One kind of feature: its terms and their weighting.

    With c the count of a term, v = tf(c) is c, 1 (`binary`) or 1 + ln c (`log`), and 0 for no occurrence.
    Then u = v * scale; if `normalise`, u is divided by its L2 norm within the block; last, u is multiplied by
    `factor`. The blocks `lexicon` and `opinions` have real values for counts: their `tf` is `count`.
    """

    name: BlockName
    terms: Sequence[str]
    tf: TermFrequency
    scale: FloatArray
    normalise: bool
    factor: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values that cannot be computed with."""
        if self.name not in BLOCK_NAMES or self.tf not in get_args(TermFrequency):
            refuse_weights(f"the block {self.name!r} with tf {self.tf!r} is unknown")
        if self.name in DENSE_BLOCKS and self.tf != "count":
            refuse_weights(f"the block {self.name!r} holds values, not counts: its tf must be 'count'")
        check_floats(self.scale, (len(self.terms),), f"{self.name}.scale")
        check_floats(np.asarray(self.factor), (), f"{self.name}.factor")


@dataclass(frozen=True, eq=False)
class TextWeights:
    """The blocks that turn texts into a matrix.

    They lie side by side in the order of `BLOCK_NAMES`.
    """

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        """Refuse an empty or disordered set of blocks."""
        names = [block.name for block in self.blocks]
        if not names or names != [name for name in BLOCK_NAMES if name in names]:
            refuse_weights(f"the blocks must be some of {', '.join(BLOCK_NAMES)} in that order, not {names}")

    @property
    def columns(self) -> int:
        """The width of the matrix."""
        return sum(len(block.terms) for block in self.blocks)


@dataclass(frozen=True, eq=False)
class LinearWeights:
    """A linear model over the columns of `TextWeights`.

    decision = u @ coef.T + intercept, with one row of `coef` per label.
    """

    text: TextWeights
    coef: FloatArray
    intercept: FloatArray
    general: GeneralWeights | None = None

    def __post_init__(self) -> None:
        """Refuse shapes that do not match, NaN and infinity."""
        check_floats(self.intercept, (self.intercept.size,), "intercept")
        check_floats(self.coef, (self.intercept.size, self.text.columns), "coef")
        if self.general is not None and self.general.intercept.shape != self.intercept.shape:
            refuse_weights("the general expert is for another number of labels")

    def save(self, path: Path) -> None:
        """Write the arrays, uncompressed.

        They are read in every start of the app, and barely compress.
        """
        arrays = _arrays_of(self.text.blocks) | {"coef": self.coef, "intercept": self.intercept}
        _save(path, arrays | (self.general.arrays() if self.general else {}))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the weights that `save` wrote.

        Raises:
            ArtifactUnsupported: the file holds anything else; it is never unpickled.
        """
        arrays = _read(path, head=("coef", "intercept"), optional=GENERAL_ARRAYS)
        general = GeneralWeights.from_arrays(arrays) if GENERAL_ARRAYS[0] in arrays else None
        return cls(TextWeights(_blocks_from(arrays)), arrays["coef"], arrays["intercept"], general)


@dataclass(frozen=True, eq=False)
class ColumnWeights:
    """The weights for a model that sees some columns.

    The columns are some of those of `TextWeights`. The model's probabilities are clipped from below by
    `least_probability`, so that their logarithms are finite.
    """

    text: TextWeights
    columns: npt.NDArray[np.int64]
    least_probability: float

    def __post_init__(self) -> None:
        """Refuse columns that do not exist."""
        columns = self.columns
        if (
            columns.dtype != np.int64
            or columns.ndim != 1
            or not ((columns >= 0) & (columns < self.text.columns)).all()
        ):
            refuse_weights("the columns are not positions in the matrix")
        if not 0 < self.least_probability < 1:
            refuse_weights(f"the least probability cannot be {self.least_probability}")

    def save(self, path: Path) -> None:
        """Write the arrays, uncompressed."""
        head = {"columns": self.columns, "least_probability": np.array(self.least_probability)}
        _save(path, _arrays_of(self.text.blocks) | head)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the weights that `save` wrote.

        Raises:
            ArtifactUnsupported: the file holds anything else; it is never unpickled.
        """
        arrays = _read(path, head=("columns", "least_probability"))
        check_floats(arrays["least_probability"], (), "least_probability")
        return cls(TextWeights(_blocks_from(arrays)), arrays["columns"], float(arrays["least_probability"]))


def _arrays_of(blocks: Sequence[Block]) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {}
    for block in blocks:
        arrays[f"{block.name}.terms"], arrays[f"{block.name}.lengths"] = terms_to_arrays(block.terms)
        arrays[f"{block.name}.scale"] = np.asarray(block.scale, dtype=np.float64)
        arrays[f"{block.name}.tf"] = np.array(block.tf)
        arrays[f"{block.name}.normalise"] = np.array(block.normalise)
        arrays[f"{block.name}.factor"] = np.array(block.factor, dtype=np.float64)
    return arrays


def _save(path: Path, arrays: Arrays) -> None:
    np.savez(path, allow_pickle=False, **{name: arrays[name] for name in arrays})


def _read(path: Path, head: Sequence[str], optional: Sequence[str] = ()) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a weights file.

    Those of the blocks, those of `head`, and all of `optional` or none.
    """
    try:
        if (plain_file_size(path) or 0) > MAX_ARTIFACT_BYTES:
            raise ValueError(f"the file is larger than {MAX_ARTIFACT_BYTES:,} bytes")
        with checked_archive(path) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            present = optional if set(optional) & set(entries) else ()
            _check_names(entries, (*head, *present), where=str(path))
            return {name: read_array(archive, entry) for name, entry in entries.items()}
    except ArtifactUnsupported:
        raise
    except (
        Exception
    ) as error:  # a damaged or hostile archive fails inside zipfile and numpy in any way it likes
        raise ArtifactUnsupported(f"The weights cannot be read: {error}.", where=str(path)) from error


def _check_names(names: Collection[str], head: Sequence[str], *, where: str) -> None:
    blocks = [name for name in BLOCK_NAMES if f"{name}.terms" in names]
    expected = {f"{block}.{part}" for block in blocks for part in _PARTS} | set(head)
    if unlike := sorted(set(names) ^ expected):
        listed = ", ".join(name[:_MOST_SHOWN] for name in unlike[:_MOST_SHOWN])
        raise ArtifactUnsupported(f"The weights are not those of this kind ({listed}).", where=where)


def _blocks_from(arrays: Arrays) -> tuple[Block, ...]:
    return tuple(_block_from(name, arrays) for name in BLOCK_NAMES if f"{name}.terms" in arrays)


def _block_from(name: BlockName, arrays: Arrays) -> Block:
    utf8, lengths, scale, tf, normalise, factor = (arrays[f"{name}.{part}"] for part in _PARTS)
    check_array(tf, "U", 0, name)
    check_array(normalise, "b", 0, name)
    terms = terms_from_arrays(utf8, lengths, name)
    check_floats(scale, (len(terms),), f"{name}.scale")
    check_floats(factor, (), f"{name}.factor")
    return Block(
        name=name,
        terms=terms,
        tf=cast(TermFrequency, str(tf)),
        scale=scale,
        normalise=bool(normalise),
        factor=float(factor),
    )
