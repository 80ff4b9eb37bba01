"""A check of fastText files ahead of the library.

The library trusts a file: it takes sizes, rows and table entries from it and follows them without a check.
Here every number that it would follow is compared with what the file holds. The form is that of fastText's
`saveModel`, version 12 of the format. Nothing but bytes is read; the library runs no code from a file.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.text.fasttext_lines import LABEL_PREFIX

MAX_MODEL_BYTES = 500_000_000
_MAGIC, _VERSION = 793_712_314, 12
_SOFTMAX, _SUPERVISED = 3, 3
_WORD, _LABEL = 0, 1
# Each part of a product quantizer has so many centroids.
_CENTROIDS = 256
# A word has a subword for each start and length.
_LONGEST_WORD, _LONGEST_SUBWORD, _MOST_WORD_NGRAMS, _MOST_DIMENSIONS = 1_000, 20, 20, 4_096


@dataclass(frozen=True)
class _Arguments:
    """The parameters that decide how a text is read."""

    dim: int
    word_ngrams: int
    bucket: int
    longest_subword: int


def check_model(content: bytes, labels: Sequence[str]) -> None:
    """Raise unless the bytes are a model of these labels.

    Raises:
        ArtifactUnsupported: a number in the file leads outside of it, or it is another kind of model.
    """
    if len(content) > MAX_MODEL_BYTES:
        _refuse(f"it is larger than {MAX_MODEL_BYTES:,} bytes")
    cursor = _Cursor(content)
    try:
        _check(cursor, labels)
    except struct.error:
        _refuse("it ends too early")
    if cursor.place != len(content):
        _refuse("it goes on behind its end")


class _Cursor:
    """A place in the file, which moves with each number."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def take(self, form: str) -> tuple[int, ...]:
        """Return the next numbers, little-endian and unpadded."""
        found = struct.unpack_from(f"<{form}", self.content, self.place)
        self.place += struct.calcsize(f"<{form}")
        return found

    def take_word(self) -> bytes:
        """Return the bytes up to the next zero."""
        end = self.content.find(b"\0", self.place, self.place + _LONGEST_WORD + 1)
        if end < 0:
            _refuse("a word in it has no end")
        word, self.place = self.content[self.place : end], end + 1
        return word

    def skip(self, count: int) -> None:
        """Step over so many bytes."""
        if not 0 <= count <= len(self.content) - self.place:
            _refuse("an array in it is larger than the file")
        self.place += count


def _check(cursor: _Cursor, labels: Sequence[str]) -> None:
    if cursor.take("ii") != (_MAGIC, _VERSION):
        _refuse("it is no file of fastText of the version that is known")
    arguments = _take_arguments(cursor)
    words, rows = _take_dictionary(cursor, arguments, labels)
    (is_quantized,) = cursor.take("B")
    if rows is not None and not is_quantized:
        _refuse("its dictionary is pruned, and its vectors are not")
    needed = words + (arguments.bucket if rows is None else rows)
    if _take_matrix(cursor, arguments.dim, is_quantized=bool(is_quantized)) < needed:
        _refuse("it has fewer vectors than words")
    (output_is_quantized,) = cursor.take("B")
    quantized = bool(is_quantized and output_is_quantized)
    if _take_matrix(cursor, arguments.dim, is_quantized=quantized) != len(labels):
        _refuse("it has another number of outputs than labels")


def _take_arguments(cursor: _Cursor) -> _Arguments:
    dim, _, _, _, _, word_ngrams, loss, model, bucket, _, longest, _ = cursor.take("12i")
    cursor.take("d")
    if (loss, model) != (_SOFTMAX, _SUPERVISED):
        _refuse("it is no supervised model with a softmax")
    if not (1 <= dim <= _MOST_DIMENSIONS and 0 <= word_ngrams <= _MOST_WORD_NGRAMS):
        _refuse(f"it cannot have {dim} dimensions and n-grams of {word_ngrams} words")
    if bucket < 0 or longest > _LONGEST_SUBWORD or (not bucket and (longest > 0 or word_ngrams > 1)):
        _refuse(f"it cannot have subwords of {longest} letters in {bucket} buckets")
    return _Arguments(dim, word_ngrams, bucket, longest)


def _take_dictionary(cursor: _Cursor, arguments: _Arguments, labels: Sequence[str]) -> tuple[int, int | None]:
    """Return the number of words, and of rows behind theirs.

    The latter is None where nothing was pruned.
    """
    size, words, named = cursor.take("3i")
    _, pruned = cursor.take("2q")
    if words < 0 or named != len(labels) or size != words + named:
        _refuse("it has another number of labels than the manifest")
    found = []
    for number in range(size):
        word = cursor.take_word()
        _, kind = cursor.take("qb")
        if kind != (_WORD if number < words else _LABEL):
            _refuse("its labels do not stand behind its words")
        if kind == _LABEL:
            found.append(word)
    if sorted(found) != sorted(f"{LABEL_PREFIX}{label}".encode() for label in labels):
        _refuse("it has other labels than the manifest")
    return words, _take_pruned(cursor, pruned)


def _take_pruned(cursor: _Cursor, pruned: int) -> int | None:
    if pruned < 0:
        return None
    start = cursor.place
    cursor.skip(8 * pruned)
    rows = [row for _, row in struct.iter_unpack("<ii", cursor.content[start : cursor.place])]
    if min(rows, default=0) < 0:
        _refuse("its table of n-grams leads outside of it")
    return max(rows, default=-1) + 1


def _take_matrix(cursor: _Cursor, dim: int, *, is_quantized: bool) -> int:
    """Return the number of rows."""
    if not is_quantized:
        rows, columns = cursor.take("2q")
        _check_shape(rows, columns, dim)
        cursor.skip(4 * rows * columns)
        return rows
    (has_norms,) = cursor.take("B")
    rows, columns = cursor.take("2q")
    (codes,) = cursor.take("i")
    _check_shape(rows, columns, dim)
    cursor.skip(codes)
    parts = _take_quantizer(cursor, dim)
    if codes != rows * parts:
        _refuse("it has another number of codes than vectors")
    if has_norms:
        cursor.skip(rows)
        _take_quantizer(cursor, 1)
    return rows


def _take_quantizer(cursor: _Cursor, dim: int) -> int:
    """Return in how many parts a vector was cut."""
    its_dim, parts, width, last = cursor.take("4i")
    if its_dim != dim or width < 1 or parts != -(-dim // width) or last != dim - (parts - 1) * width:
        _refuse("its vectors are cut in parts that do not fit")
    cursor.skip(4 * dim * _CENTROIDS)
    return parts


def _check_shape(rows: int, columns: int, dim: int) -> None:
    if rows < 0 or columns != dim:
        _refuse(f"it has vectors of {columns} numbers, not of {dim}")


def _refuse(what: str) -> NoReturn:
    raise ArtifactUnsupported(
        f"The fastText model is refused: {what}.", remedy="Retrain it with this version of opinionlens."
    )
