"""fastText's model files, written by hand: tests need no library to have one, or one with a fault."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

LABELS = ("NEGATIVE", "NEUTRAL", "POSITIVE")


@dataclass
class FastTextFile:
    """A file of a model with two words, as the library writes it; each part may be set to something false."""

    dim: int = 4
    word_ngrams: int = 1
    loss: int = 3
    model: int = 3
    bucket: int = 0
    maxn: int = 0
    magic: int = 793712314
    version: int = 12
    words: Sequence[str] = ("</s>", "great")
    labels: Sequence[str] = tuple(f"__label__{label}" for label in LABELS)
    kinds: Sequence[int] | None = None
    size: int | None = None
    pruned: Sequence[tuple[int, int]] | None = None
    pruned_size: int | None = None
    quantized: bool = False
    norms: bool = True
    rows: int | None = None
    columns: int | None = None
    dsub: int = 2
    parts: int | None = None
    outputs: int | None = None
    extra: bytes = field(default=b"")

    def content(self) -> bytes:
        """Return the bytes of the file."""
        return b"".join(
            (
                struct.pack("<ii", self.magic, self.version),
                struct.pack(
                    "<12id",
                    *(self.dim, 5, 5, 1, 5, self.word_ngrams, self.loss, self.model),
                    *(self.bucket, 0, self.maxn, 100, 1e-4),
                ),
                self._dictionary(),
                struct.pack("<B", self.quantized),
                self._input(),
                struct.pack("<B", 0),
                self._dense(self.outputs if self.outputs is not None else len(self.labels), self.dim),
                self.extra,
            )
        )

    def _dictionary(self) -> bytes:
        entries = [*self.words, *self.labels]
        kinds = self.kinds or [0] * len(self.words) + [1] * len(self.labels)
        pairs = self.pruned or ()
        count = len(pairs) if self.pruned is not None else -1
        head = struct.pack(
            "<3i2q",
            *(self.size if self.size is not None else len(entries), len(self.words), len(self.labels), 100),
            self.pruned_size if self.pruned_size is not None else count,
        )
        words = (
            word.encode() + b"\0" + struct.pack("<qb", 7, kind)
            for word, kind in zip(entries, kinds, strict=True)
        )
        return head + b"".join(words) + b"".join(struct.pack("<ii", *pair) for pair in pairs)

    def _input(self) -> bytes:
        rows = self.rows if self.rows is not None else len(self.words) + self.bucket
        columns = self.columns if self.columns is not None else self.dim
        if not self.quantized:
            return self._dense(rows, columns)
        parts = self.parts if self.parts is not None else -(-self.dim // self.dsub)
        codes = rows * parts
        matrix = struct.pack("<B2qi", self.norms, rows, columns, codes) + bytes(codes)
        matrix += self._quantizer(self.dim, parts, self.dsub)
        return matrix + (bytes(rows) + self._quantizer(1, 1, 1) if self.norms else b"")

    @staticmethod
    def _dense(rows: int, columns: int) -> bytes:
        return struct.pack("<2q", rows, columns) + bytes(4 * rows * columns)

    @staticmethod
    def _quantizer(dim: int, parts: int, width: int) -> bytes:
        last = dim - (parts - 1) * width
        return struct.pack("<4i", dim, parts, width, last) + bytes(4 * dim * 256)
