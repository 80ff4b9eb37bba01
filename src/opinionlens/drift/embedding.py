"""Mean embeddings of texts without a trained encoder.

Each term has a fixed vector of +1 and -1, taken from the term's hash: a random projection that needs no table
and is the same on every machine. Only means over many texts are ever kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 64
FOURIER = 128

# Vectors of words met before: 64 bytes each, and the words themselves.
_REMEMBERED = 50_000
# A text has 2,000 terms at most: so many vectors lie side by side at a time.
TEXTS_AT_ONCE = 256
# So few that a product of matrices needs no second thread, which would wait for more work at full speed.
_ROWS_IN_ONE_THREAD = 31


@dataclass(frozen=True, slots=True, eq=False)
class TermRows:
    """Some texts' distinct terms, as rows of an embedder.

    Attributes:
        rows: of all texts, one after the other.
        sizes: terms of each text.
    """

    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]


class TermEmbedder:
    """Text embeddings: sums of term vectors, of length 1.

    Attributes:
        terms: remembered ones, by row.
        clearings: how often they were forgotten; rows of before are no longer valid.
    """

    def __init__(self) -> None:
        """Begin with no terms."""
        self.terms: list[str] = []
        self.clearings = 0
        self._rows: dict[str, int] = {}
        self._signs = np.empty((1_024, DIMENSIONS), dtype=np.int8)

    def embed(self, texts: Sequence[Collection[str]]) -> NDArray[np.float32]:
        """Return an embedding for the terms of each text.

        Zeros without terms.
        """
        parts = [
            self.embed_rows(self.index(texts[start : start + TEXTS_AT_ONCE]))
            for start in range(0, len(texts), TEXTS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def index(self, texts: Sequence[Collection[str]]) -> TermRows:
        """Return the rows of terms, valid until the next call."""
        if len(self._rows) >= _REMEMBERED:
            self._rows.clear()
            self.terms.clear()
            self.clearings += 1
        known, add = self._rows.get, self._add
        rows = [row if (row := known(term)) is not None else add(term) for terms in texts for term in terms]
        return TermRows(
            np.array(rows, dtype=np.int64), np.array([len(terms) for terms in texts], dtype=np.int64)
        )

    def embed_rows(self, texts: TermRows) -> NDArray[np.float32]:
        """Return an embedding for each text, indexed last."""
        embeddings = np.zeros((len(texts.sizes), DIMENSIONS), dtype=np.float32)
        filled = texts.sizes > 0
        starts = (np.cumsum(texts.sizes) - texts.sizes)[filled]
        if len(starts):
            embeddings[filled] = np.add.reduceat(self._signs[texts.rows], starts, axis=0, dtype=np.float32)
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        embeddings /= np.where(lengths > 0, lengths, 1)
        return embeddings

    def _add(self, term: str) -> int:
        digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=DIMENSIONS // 8).digest()
        row = self._rows[term] = len(self.terms)
        self.terms.append(term)
        if row == len(self._signs):
            self._signs = np.concatenate([self._signs, np.empty_like(self._signs)])
        self._signs[row] = np.unpackbits(np.frombuffer(digest, dtype=np.uint8)).astype(np.int8) * 2 - 1
        return row


def fourier_features(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return random Fourier features of embeddings.

    The distance of two means of them is the maximum mean discrepancy under a Gaussian kernel of width 1: the
    usual distance of two unrelated texts, divided by the root of two.
    """
    waves, shifts = _waves()
    return np.asarray(np.cos(embeddings @ waves + shifts) * np.sqrt(2 / FOURIER), dtype=np.float32)


def fourier_sum(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sum of embeddings' random Fourier features.

    In few steps: a thread beside the event loop waits after each until it gets the interpreter back.
    """
    groups = -(-len(embeddings) // _ROWS_IN_ONE_THREAD)
    padded = np.zeros((groups * _ROWS_IN_ONE_THREAD, DIMENSIONS), dtype=np.float32)
    padded[: len(embeddings)] = embeddings
    features = fourier_features(padded.reshape(groups, _ROWS_IN_ONE_THREAD, DIMENSIONS))
    found = features.reshape(-1, FOURIER)[: len(embeddings)]
    return np.asarray(found.sum(axis=0, dtype=np.float64))


@cache
def _waves() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return frequencies and phases.

    From a hash: the streams of a library's generator may change.
    """
    count = DIMENSIONS * FOURIER
    stream = hashlib.shake_256(b"opinionlens drift 1").digest(8 * (2 * count + FOURIER))
    uniform = (np.frombuffer(stream, dtype="<u8").astype(np.float64) + 0.5) / 2.0**64
    radius = np.sqrt(-2 * np.log(uniform[:count]))
    waves = radius * np.cos(2 * np.pi * uniform[count : 2 * count])
    shifts = 2 * np.pi * uniform[2 * count :]
    return waves.reshape(DIMENSIONS, FOURIER).astype(np.float32), shifts.astype(np.float32)
