"""The numbers of a classifier as plain data: vocabularies, weighting, coefficients in one .npz."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, Self, cast, get_args

import numpy as np
import numpy.typing as npt

from opinionlens.artifact_limits import MAX_ARTIFACT_BYTES, plain_file_size
from opinionlens.calibration import FloatArray
from opinionlens.classifiers.archives import checked_archive, read_array
from opinionlens.classifiers.pacing import slices
from opinionlens.errors import ArtefactUnsupported

BlockName = Literal["words", "chars", "lexicon"]
TermFrequency = Literal["count", "binary", "log"]
Arrays = Mapping[str, npt.NDArray[Any]]

BLOCK_NAMES: tuple[BlockName, ...] = get_args(BlockName)
MAX_TERMS = 5_000_000  # of a block; the families keep 300,000 unless told otherwise
_MOST_SHOWN = 40
_PARTS = ("terms", "lengths", "scale", "tf", "normalise", "factor")


@dataclass(frozen=True, eq=False)
class Block:
    """One kind of feature: which terms there are, and how a text's counts of them become numbers.

    With c the count of a term, v = tf(c) is c, 1 (`binary`) or 1 + ln c (`log`), and 0 for no occurrence.
    Then u = v * scale; if `normalise`, u is divided by its L2 norm within the block; last, u is multiplied by
    `factor`. The block `lexicon` has real values in the place of counts, so that its `tf` is `count`.
    """

    name: BlockName
    terms: Sequence[str]
    tf: TermFrequency
    scale: FloatArray
    normalise: bool
    factor: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what could not be scored."""
        if self.name not in BLOCK_NAMES or self.tf not in get_args(TermFrequency):
            _refuse(f"the block {self.name!r} with tf {self.tf!r} is unknown")
        if self.name == "lexicon" and self.tf != "count":
            _refuse("the block 'lexicon' holds values, not counts: its tf must be 'count'")
        _check(self.scale, (len(self.terms),), f"{self.name}.scale")
        _check(np.asarray(self.factor), (), f"{self.name}.factor")


@dataclass(frozen=True, eq=False)
class TextWeights:
    """What turns texts into a matrix: the blocks, side by side in the order words, chars, lexicon."""

    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        """Refuse an empty or disordered set of blocks."""
        names = [block.name for block in self.blocks]
        if not names or names != [name for name in BLOCK_NAMES if name in names]:
            _refuse(f"the blocks must be some of {', '.join(BLOCK_NAMES)} in that order, not {names}")

    @property
    def columns(self) -> int:
        """The width of the matrix."""
        return sum(len(block.terms) for block in self.blocks)


@dataclass(frozen=True, eq=False)
class LinearWeights:
    """A linear model over those columns: decision = u @ coef.T + intercept, one row of `coef` per label."""

    text: TextWeights
    coef: FloatArray
    intercept: FloatArray

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit together, and numbers that are none."""
        _check(self.intercept, (self.intercept.size,), "intercept")
        _check(self.coef, (self.intercept.size, self.text.columns), "coef")

    def save(self, path: Path) -> None:
        """Write the arrays, uncompressed: they are read in every start of the app, and barely compress."""
        _save(path, _arrays_of(self.text.blocks) | {"coef": self.coef, "intercept": self.intercept})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ArtefactUnsupported: the file holds anything else; it is never unpickled.
        """
        arrays = _read(path, head=("coef", "intercept"))
        return cls(TextWeights(_blocks_from(arrays)), arrays["coef"], arrays["intercept"])


@dataclass(frozen=True, eq=False)
class ColumnWeights:
    """For a model that sees some of those columns.

    Its probabilities are clipped from below by `least_probability`, so that their logarithms are finite.
    """

    text: TextWeights
    columns: npt.NDArray[np.int64]
    least_probability: float

    def __post_init__(self) -> None:
        """Refuse columns that there are not."""
        columns = self.columns
        if (
            columns.dtype != np.int64
            or columns.ndim != 1
            or not ((columns >= 0) & (columns < self.text.columns)).all()
        ):
            _refuse("the columns are not positions in the matrix")
        if not 0 < self.least_probability < 1:
            _refuse(f"the least probability cannot be {self.least_probability}")

    def save(self, path: Path) -> None:
        """Write the arrays, uncompressed."""
        head = {"columns": self.columns, "least_probability": np.array(self.least_probability)}
        _save(path, _arrays_of(self.text.blocks) | head)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ArtefactUnsupported: the file holds anything else; it is never unpickled.
        """
        arrays = _read(path, head=("columns", "least_probability"))
        _check(arrays["least_probability"], (), "least_probability")
        return cls(TextWeights(_blocks_from(arrays)), arrays["columns"], float(arrays["least_probability"]))


def _arrays_of(blocks: Sequence[Block]) -> dict[str, npt.NDArray[Any]]:
    """Terms are stored as one run of UTF-8 with their lengths in characters: any string survives."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for block in blocks:
        utf8 = "".join(block.terms).encode("utf-8", "surrogatepass")
        arrays[f"{block.name}.terms"] = np.frombuffer(utf8, dtype=np.uint8)
        arrays[f"{block.name}.lengths"] = np.array([len(term) for term in block.terms], dtype=np.uint32)
        arrays[f"{block.name}.scale"] = np.asarray(block.scale, dtype=np.float64)
        arrays[f"{block.name}.tf"] = np.array(block.tf)
        arrays[f"{block.name}.normalise"] = np.array(block.normalise)
        arrays[f"{block.name}.factor"] = np.array(block.factor, dtype=np.float64)
    return arrays


def _save(path: Path, arrays: Arrays) -> None:
    np.savez(path, allow_pickle=False, **{name: arrays[name] for name in arrays})


def _read(path: Path, head: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return every array of the file, which must be exactly those of the blocks it has and of `head`."""
    try:
        if (plain_file_size(path) or 0) > MAX_ARTIFACT_BYTES:
            raise ValueError(f"the file is larger than {MAX_ARTIFACT_BYTES:,} bytes")
        with checked_archive(path) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            _check_names(entries, head, where=str(path))
            return {name: read_array(archive, entry) for name, entry in entries.items()}
    except ArtefactUnsupported:
        raise
    except (
        Exception
    ) as error:  # a damaged or hostile archive fails inside zipfile and numpy in any way it likes
        raise ArtefactUnsupported(f"The weights cannot be read: {error}.", where=str(path)) from error


def _check_names(names: Collection[str], head: Sequence[str], *, where: str) -> None:
    blocks = [name for name in BLOCK_NAMES if f"{name}.terms" in names]
    expected = {f"{block}.{part}" for block in blocks for part in _PARTS} | set(head)
    if unlike := sorted(set(names) ^ expected):
        listed = ", ".join(name[:_MOST_SHOWN] for name in unlike[:_MOST_SHOWN])
        raise ArtefactUnsupported(f"The weights are not those of this kind ({listed}).", where=where)


def _blocks_from(arrays: Arrays) -> tuple[Block, ...]:
    return tuple(_block_from(name, arrays) for name in BLOCK_NAMES if f"{name}.terms" in arrays)


def _block_from(name: BlockName, arrays: Arrays) -> Block:
    utf8, lengths, scale, tf, normalise, factor = (arrays[f"{name}.{part}"] for part in _PARTS)
    for array, kind, dimensions in ((utf8, "u", 1), (lengths, "u", 1), (tf, "U", 0), (normalise, "b", 0)):
        if array.dtype.kind != kind or array.ndim != dimensions:
            _refuse(f"an array of the block {name!r} has the type {array.dtype} and shape {array.shape}")
    # Before a list of terms is built, which takes far more memory than the file.
    if lengths.dtype != np.uint32 or len(lengths) > MAX_TERMS:
        _refuse(f"the block {name!r} has {len(lengths):,} terms by {lengths.dtype}")
    _check(scale, (len(lengths),), f"{name}.scale")
    _check(factor, (), f"{name}.factor")
    return Block(
        name=name,
        terms=_terms_from(utf8, lengths),
        tf=cast(TermFrequency, str(tf)),
        scale=scale,
        normalise=bool(normalise),
        factor=float(factor),
    )


def _terms_from(utf8: npt.NDArray[Any], lengths: npt.NDArray[Any]) -> list[str]:
    try:
        text = utf8.astype(np.uint8, casting="no").tobytes().decode("utf-8", "surrogatepass")
    except (TypeError, UnicodeDecodeError) as error:
        raise ArtefactUnsupported(
            f"The weights cannot be used: their terms are not UTF-8 ({error})."
        ) from error
    if int(lengths.sum(dtype=np.uint64)) != len(text):
        _refuse("the lengths of the terms do not add up to their text")
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    terms: list[str] = []
    start = 0
    for part in slices(ends):
        for end in part:
            terms.append(text[start:end])
            start = end
    return terms


def _check(array: npt.NDArray[Any], shape: tuple[int, ...], name: str) -> None:
    if array.dtype != np.float64 or array.shape != shape:
        _refuse(f"{name} must be float64 of shape {shape}, not {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        _refuse(f"{name} holds NaN or infinity")


def _refuse(what: str) -> NoReturn:
    raise ArtefactUnsupported(f"The weights cannot be used: {what}.")
