"""Unweighted counts of terms in texts.

They are plain arrays that processes can share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from opinionlens.base.errors import StageFailed
from opinionlens.features.spec import DENSE_BLOCKS, SPARSE_BLOCKS, BlockName

Csr = Any  # scipy.sparse.csr_array: scipy ships no types
FloatArray = npt.NDArray[np.float64]

_PARTS = ("data", "indices", "indptr", "shape")


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of texts by terms, in blocks.

    Words and characters are sparse, lexicon and opinion values dense; a block that is not counted is None.
    The sparse blocks are canonical (sorted, no repeats) with 32-bit indices, as liblinear needs them.
    """

    words: Csr | None = None
    chars: Csr | None = None
    lexicon: FloatArray | None = None
    opinions: FloatArray | None = None

    def blocks(self) -> Iterator[tuple[BlockName, Any]]:
        """Yield the existing blocks in column order."""
        for name in (*SPARSE_BLOCKS, *DENSE_BLOCKS):
            if (block := getattr(self, name)) is not None:
                yield name, block

    @property
    def n(self) -> int:
        """The number of texts."""
        return next((int(block.shape[0]) for _, block in self.blocks()), 0)

    def rows(self, index: npt.NDArray[Any] | slice) -> Counts:
        """Return some of the texts, by position or by mask."""
        return Counts(**{name: block[index] for name, block in self.blocks()})

    def save(self, directory: Path) -> None:
        """Write one `.npy` file per array into an empty folder.

        See `files.replacing_directory`.
        """
        for name, block in self.blocks():
            if name in DENSE_BLOCKS:
                np.save(directory / f"{name}.npy", block, allow_pickle=False)
                continue
            for part in _PARTS:
                np.save(
                    directory / f"{name}.{part}.npy", np.asarray(getattr(block, part)), allow_pickle=False
                )

    @classmethod
    def load(cls, directory: Path, *, mmap: bool = True) -> Self:
        """Read the folder that `save` wrote.

        The arrays are mapped into memory, so that parallel processes hold one copy.

        Raises:
            StageFailed: the folder does not hold counts.
        """
        blocks: dict[str, Any] = {}
        try:
            for name in SPARSE_BLOCKS:
                if (directory / f"{name}.shape.npy").exists():
                    blocks[name] = _sparse(
                        *(_read(directory / f"{name}.{part}.npy", mmap) for part in _PARTS)
                    )
            for name in DENSE_BLOCKS:
                if (directory / f"{name}.npy").exists():
                    blocks[name] = _read(directory / f"{name}.npy", mmap)
        except (OSError, EOFError, ValueError) as error:
            raise _unreadable(directory, str(error)) from error
        if not blocks:
            raise _unreadable(directory, "there are none")
        return cls(**blocks)


def stacked(parts: list[Counts]) -> Counts:
    """Stack the texts of all parts in order.

    Train and validation are stacked for the refit.
    """
    blocks: dict[str, Any] = {}
    for name, first in parts[0].blocks():
        together = [getattr(part, name) for part in parts]
        blocks[name] = (
            np.vstack(together) if isinstance(first, np.ndarray) else sp.vstack(together, format="csr")
        )
    return Counts(**blocks)


def canonical(matrix: Csr) -> Csr:
    """Return the matrix sorted, without repeats, with 32-bit integers.

    It is changed in place where possible.
    """
    matrix.sum_duplicates()
    data, indices, indptr = (
        array.astype(np.int32, copy=False) for array in (matrix.data, matrix.indices, matrix.indptr)
    )
    return _sparse(data, indices, indptr, matrix.shape)


def _sparse(data: Any, indices: Any, indptr: Any, shape: Any) -> Csr:  # noqa: ANN401 - arrays, mapped or not
    matrix = sp.csr_array((data, indices, indptr), shape=tuple(int(side) for side in shape), copy=False)
    # Set, not computed: scipy would read a mapped file from end to end for it.
    matrix.has_canonical_format = True
    return matrix


def _read(path: Path, mmap: bool) -> npt.NDArray[Any]:
    mode: Literal["r"] | None = "r" if mmap else None
    array: npt.NDArray[Any] = np.load(path, mmap_mode=mode, allow_pickle=False)
    return array


def _unreadable(directory: Path, why: str) -> StageFailed:
    return StageFailed(
        f"The counts cannot be read: {why}.",
        where=str(directory),
        remedy="Make them again with `dvc repro --force vectorize_data`.",
    )
