"""Mean embeddings of texts without a trained encoder.

Each term has a fixed vector of +1 and -1, taken from the term's hash: a random projection that needs no table
and is the same on every machine. Only means over many texts are ever kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 64
FOURIER = 128

# Vectors of words met before: 64 bytes each.
_REMEMBERED = 50_000


class TermEmbedder:
    """Text embeddings: sums of term vectors, of length 1."""

    def __init__(self) -> None:
        """Begin with no terms."""
        self._signs: dict[str, NDArray[np.int8]] = {}

    def embed(self, texts: Sequence[Collection[str]]) -> NDArray[np.float32]:
        """Return a row for the terms of each text.

        Zeros without terms.
        """
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, terms in zip(rows, texts, strict=True):
            if terms:
                np.sum([self._of(term) for term in terms], axis=0, out=row, dtype=np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        rows /= np.where(lengths > 0, lengths, 1)
        return rows

    def _of(self, term: str) -> NDArray[np.int8]:
        signs = self._signs.get(term)
        if signs is None:
            digest = hashlib.blake2b(
                term.encode("utf-8", "surrogatepass"), digest_size=DIMENSIONS // 8
            ).digest()
            bits = np.unpackbits(np.frombuffer(digest, dtype=np.uint8))
            signs = bits.astype(np.int8) * 2 - 1
            if len(self._signs) >= _REMEMBERED:
                self._signs.clear()
            self._signs[term] = signs
        return signs


def fourier_features(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return random Fourier features of embeddings.

    The distance of two means of them is the maximum mean discrepancy under a Gaussian kernel of width 1: the
    usual distance of two unrelated texts, divided by the root of two.
    """
    waves, shifts = _waves()
    return np.asarray(np.cos(embeddings @ waves + shifts) * np.sqrt(2 / FOURIER), dtype=np.float32)


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
