"""Fitting of fastText models on lines with labels.

The library reads and writes files only: they lie in a temporary folder, which is gone afterwards. With fewer
than ten threads it gives only so many tenths of the vectors a start, and leaves the others as the memory was:
as a rule zeros, with which it learns as well, else anything, up to "Encountered NaN". Call these functions in
a process of their own, where all new memory is zeros from then on.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opinionlens.base.errors import StageFailed

# Of malloc.h: fill memory with the complement of the value's lowest byte.
_M_PERTURB, _CLEAR = -6, 0xFF
# A product quantizer finds so many centroids: with fewer vectors there is nothing to make smaller.
_LEAST_ROWS = 256
# Of a row besides its codes: its norm, its entry in the table of what is left, and a word with its count.
_BYTES_OF_A_ROW = 1 + 8 + 30
_UNITS = {"K": 1_000, "M": 1_000_000, "G": 1_000_000_000}


@dataclass(frozen=True)
class FastTextChoice:
    """The parameters of a fit.

    Attributes:
        epoch: how often each text is seen.
        lr: the learning rate at the start.
        word_ngrams: length of the longest run of words that has a vector.
        dim: numbers of a vector.
        minn: letters of the shortest part of a word that has a vector.
        maxn: letters of the longest; 0 for none.
        bucket: vectors that all parts and runs share by their hash.
        dsub: numbers of a vector that one code stands for.
    """

    epoch: int
    lr: float
    word_ngrams: int
    dim: int
    minn: int
    maxn: int
    bucket: int
    dsub: int = 2

    def as_params(self) -> dict[str, int | float]:
        """Return the parameters under the library's names."""
        return {
            "epoch": self.epoch,
            "lr": self.lr,
            "wordNgrams": self.word_ngrams,
            "dim": self.dim,
            "minn": self.minn,
            "maxn": self.maxn,
            "bucket": self.bucket,
            "dsub": self.dsub,
        }


def bytes_of(size: str) -> int:
    """Return a size such as `50M` in bytes."""
    return int(size[:-1]) * _UNITS[size[-1].upper()]


def search_choice(
    train: Sequence[str], val: Sequence[str], *, seconds: int, threads: int, seed: int
) -> FastTextChoice:
    """Let fastText's autotune search for parameters.

    How much it tries depends on the machine, so another run may find others. It compares models as they are
    before they are made smaller: each of those would take it half a minute of the time.

    Args:
        train: lines with labels to fit on.
        val: lines with labels to compare by.
        seconds: how long it may search.
        threads: how many compute at once.
        seed: of the random numbers of each fit.
    """
    with tempfile.TemporaryDirectory(prefix="opinionlens-fasttext-") as folder, _silence():
        model = _train(
            _file_of(train, Path(folder, "train.txt")),
            autotuneValidationFile=str(_file_of(val, Path(folder, "val.txt"))),
            autotuneDuration=seconds,
            thread=threads,
            seed=seed,
        )
        found = model.f.getArgs()
    return FastTextChoice(
        epoch=found.epoch,
        lr=round(float(found.lr), 6),
        word_ngrams=found.wordNgrams,
        dim=found.dim,
        minn=found.minn,
        maxn=found.maxn,
        bucket=found.bucket,
        dsub=found.dsub,
    )


def fit_fasttext(lines: Sequence[str], choice: FastTextChoice, most_bytes: int, seed: int) -> bytes:
    """Return the file of a quantized model.

    The same lines, choice and seed give the same file: it is fitted by one thread.

    Args:
        lines: with labels.
        choice: the parameters.
        most_bytes: the file is not larger: vectors that count least are left out, and the others fitted anew.
        seed: of the random numbers.
    """
    with tempfile.TemporaryDirectory(prefix="opinionlens-fasttext-") as folder:
        file, written = _file_of(lines, Path(folder, "train.txt")), Path(folder, "model.ftz")
        params = choice.as_params()
        dsub = int(params.pop("dsub"))
        model = _train(file, **params, thread=1, seed=seed)
        rows = model.get_input_matrix().shape[0]
        if rows >= _LEAST_ROWS:
            most_rows = rows_within(most_bytes, choice.dim, dsub, len(model.get_labels()))
            pruned = {"cutoff": most_rows, "retrain": True} if most_rows < rows else {}
            model.quantize(input=str(file), qnorm=True, dsub=dsub, thread=1, verbose=0, **pruned)
        model.save_model(str(written))
        return written.read_bytes()


def rows_within(most_bytes: int, dim: int, dsub: int, labels: int) -> int:
    """Return how many vectors fit into such a file."""
    fixed = 4 * _LEAST_ROWS * (dim + 1) + 4 * labels * dim
    return max(_LEAST_ROWS, (most_bytes - fixed) // (-(-dim // dsub) + _BYTES_OF_A_ROW))


def _train(file: Path, **params: Any) -> Any:  # noqa: ANN401 - the library's own model
    import fasttext

    _let_new_memory_be_zeros()
    try:
        return fasttext.train_supervised(str(file), loss="softmax", verbose=0, **params)
    except RuntimeError as error:
        raise StageFailed(
            f"fastText cannot fit: {error}", remedy="Lower `fasttext.lr` in kinds/params.yaml."
        ) from error


def _let_new_memory_be_zeros() -> None:
    """Ask the GNU C library to clear new memory.

    Without it (on other systems) there is a start by chance, as for anybody who calls fastText.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_PERTURB, _CLEAR)


@contextmanager
def _silence() -> Iterator[None]:
    """Hide the bar that the library always draws."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _file_of(lines: Sequence[str], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(lines)
    return path
