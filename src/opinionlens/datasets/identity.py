"""The identity of a text, and its random draw.

`words` is the text up to case, punctuation, urls and user names; `key` its digest; `draw` a number in [0, 1)
that follows from the seed and the key (from the author instead, where the dataset names one), and decides the
side of the split. Nothing else enters: no other row, no label, no order. That is why a row keeps its side
whatever is added beside it.
"""

from __future__ import annotations

from hashlib import blake2b

import polars as pl

from opinionlens.text.bulk import deduplication_key

_MANTISSA = 53  # bits that a float holds exactly


def with_identity(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add the columns words, key and draw to `frame`."""
    words = frame.select(words=deduplication_key(pl.col("text")))["words"]
    keys = [key_of(*pair) for pair in zip(words, frame["text"], strict=True)]
    units = zip(keys, frame["source"], frame["group"], strict=True)
    draws = [
        draw_of(seed, f"text:{key}" if group is None else f"group:{source}:{group}")
        for key, source, group in units
    ]
    return frame.with_columns(words, pl.Series("key", keys, pl.String), pl.Series("draw", draws, pl.Float64))


def draw_of(seed: int, unit: str) -> float:
    """Return a number in [0, 1) from seed and unit."""
    digest = blake2b(f"{seed}:{unit}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> (64 - _MANTISSA)) / (1 << _MANTISSA)


def key_of(words: str, text: str) -> str:
    """Return the digest of a text's words."""
    # No word is left of a text that is all links, names and signs; its own characters then identify it.
    name = words or " ".join(text.lower().split())
    return blake2b(name.encode(), digest_size=16).hexdigest()
