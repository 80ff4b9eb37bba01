"""Checks and forms shared by a weights file's arrays."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.pacing import slices

_DECODED_AT_ONCE = 200_000  # bytes
MAX_TERMS = 5_000_000  # of a block; the families keep 300,000 unless told otherwise


def terms_to_arrays(terms: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """Return terms as one run of UTF-8 and their lengths.

    The lengths are in characters. Any string survives.
    """
    utf8 = "".join(terms).encode("utf-8", "surrogatepass")
    return np.frombuffer(utf8, dtype=np.uint8), np.array([len(term) for term in terms], dtype=np.uint32)


def terms_from_arrays(utf8: npt.NDArray[Any], lengths: npt.NDArray[Any], block: str) -> list[str]:
    """Return the terms of `terms_to_arrays`.

    Raises:
        ArtifactUnsupported: the arrays hold anything else, or too much.
    """
    check_array(utf8, "u", 1, block)
    check_array(lengths, "u", 1, block)
    # Before a list of terms is built, which takes far more memory than the file.
    if lengths.dtype != np.uint32 or len(lengths) > MAX_TERMS:
        refuse_weights(f"the block {block!r} has {len(lengths):,} terms by {lengths.dtype}")
    return _terms_from(utf8, lengths)


def check_array(array: npt.NDArray[Any], kind: str, dimensions: int, block: str) -> None:
    """Refuse an array of another type or number of dimensions."""
    if array.dtype.kind != kind or array.ndim != dimensions:
        refuse_weights(f"an array of the block {block!r} has the type {array.dtype} and shape {array.shape}")


def _terms_from(utf8: npt.NDArray[Any], lengths: npt.NDArray[Any]) -> list[str]:
    try:
        text = _decoded(utf8.astype(np.uint8, casting="no"))
    except (TypeError, UnicodeDecodeError) as error:
        raise ArtifactUnsupported(
            f"The weights cannot be used: their terms are not UTF-8 ({error})."
        ) from error
    if int(lengths.sum(dtype=np.uint64)) != len(text):
        refuse_weights("the lengths of the terms do not add up to their text")
    ends = np.cumsum(lengths, dtype=np.int64)
    terms: list[str] = []
    start = 0
    for part in slices(ends.data):
        for end in part:
            terms.append(text[start:end])
            start = end
    return terms


def _decoded(utf8: npt.NDArray[np.uint8]) -> str:
    """Return the text, decoded a part at a time.

    At once, half a million terms would keep the interpreter for 10 ms.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
    found = [decoder.decode(bytes(part)) for part in slices(utf8.data, _DECODED_AT_ONCE)]
    return "".join([*found, decoder.decode(b"", final=True)])


def check_floats(array: npt.NDArray[Any], shape: tuple[int, ...], name: str) -> None:
    """Refuse another type or shape, NaN and infinity."""
    if array.dtype != np.float64 or array.shape != shape:
        refuse_weights(f"{name} must be float64 of shape {shape}, not {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        refuse_weights(f"{name} holds NaN or infinity")


def refuse_weights(what: str) -> NoReturn:
    """Raise for weights that cannot be used."""
    raise ArtifactUnsupported(f"The weights cannot be used: {what}.")
