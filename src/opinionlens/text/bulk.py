"""Deduplication keys for whole columns of texts.

They are those of the scalar function, many times faster.
"""

from __future__ import annotations

import math

import polars as pl

from opinionlens.text import bulk_patterns as patterns
from opinionlens.text import deduplication

_LOWERED = pl.col("text").str.to_lowercase()
# Stands for markup, addresses and users until the end: a mere space would bring "RT" and "@name" together
# that stood apart.
_NOISE = "\x01"


def deduplication_key(texts: pl.Expr) -> pl.Expr:
    """Apply `deduplication.deduplication_key` to every text; null stays null."""
    return texts.map_batches(_keys, return_dtype=pl.String)


def word_counts(keys: pl.Expr) -> pl.Expr:
    """Count the words of deduplication keys; null stays null."""
    return pl.when(keys == "").then(0).otherwise(keys.str.count_matches(" ", literal=True) + 1)


def _keys(texts: pl.Series) -> pl.Series:
    """Apply the expression to easy texts, the function to others.

    The expression runs on all cores; the order of the texts is kept.
    """
    hard = _LOWERED.str.contains(patterns.HARD) | pl.col("text").str.contains(patterns.KELVIN, literal=True)
    rows = max(1, math.ceil(len(texts) / pl.thread_pool_size()))
    parts = pl.collect_all(
        part.lazy().select(easy=_KEY, hard=hard) for part in pl.DataFrame({"text": texts}).iter_slices(rows)
    )
    done = pl.concat(parts) if parts else pl.DataFrame(schema={"easy": pl.String, "hard": pl.Boolean})
    places = done["hard"].arg_true()
    return done["easy"].scatter(places, _one_by_one(texts.gather(places))).alias(texts.name)


def _one_by_one(texts: pl.Series) -> pl.Series:
    known = {text: deduplication.deduplication_key(text) for text in texts.drop_nulls().unique()}
    return pl.Series(texts.name, [None if text is None else known[text] for text in texts], pl.String)


def _key() -> pl.Expr:
    text = _LOWERED
    for noise in (patterns.MARKUP, patterns.ADDRESS, patterns.RETWEET, patterns.USER):
        text = text.str.replace_all(noise, f" {_NOISE} ")
    text = text.str.replace_all("'", "", literal=True).str.replace_all(patterns.APOSTROPHE, "")
    return text.str.replace_all(patterns.GAP, " ").str.strip_chars(" ")


_KEY = _key()
