"""Cleaning and keys for whole columns of texts.

The results are those of the scalar functions, many times faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from opinionlens.text import bulk_patterns as patterns
from opinionlens.text import deduplication
from opinionlens.text.normalising import ADDRESS_TOKEN, USER_TOKEN
from opinionlens.text.recipe import Recipe

_ADDRESS, _USER, _MIXED, _SHOUT, _DOUBT, _ELLIPSIS = (
    "\x01\x02\x03\x04\x05\x06"  # stand for tokens until the end
)
_TOKENS = {
    _ADDRESS: ADDRESS_TOKEN,
    _USER: USER_TOKEN,
    _MIXED: "?!",
    _SHOUT: "!!",
    _DOUBT: "??",
    _ELLIPSIS: "...",
}
_MARKS = {r"(?:!+\?|\?+!)[!?]*": _MIXED, "!!+": _SHOUT, r"\?\?+": _DOUBT, r"\.\.+|…": _ELLIPSIS}
_LOWERED = pl.col("text").str.to_lowercase()


class _Vectorised(NamedTuple):
    """A column expression, and the texts it cannot handle.

    The expression reads the column `text`; the pattern `hard` is searched in the lower-cased text.
    """

    hard: str
    expression: pl.Expr


def clean_series(recipe: Recipe, texts: pl.Series) -> pl.Series:
    """Apply `recipe.clean` to every text; null stays null.

    Recipes with a step of NLTK's or with negation scope work text by text, on each distinct text once.
    """
    vectorised = _RECIPES.get(recipe)
    return _apply(vectorised, recipe.clean, texts) if vectorised else _apply_one_by_one(recipe.clean, texts)


def deduplication_key(texts: pl.Expr) -> pl.Expr:
    """Apply `deduplication.deduplication_key` to every text; null stays null."""
    return texts.map_batches(
        lambda series: _apply(_KEY, deduplication.deduplication_key, series), return_dtype=pl.String
    )


def word_counts(cleaned: pl.Expr) -> pl.Expr:
    """Count the words of cleaned texts or deduplication keys.

    Null stays null.
    """
    return pl.when(cleaned == "").then(0).otherwise(cleaned.str.count_matches(" ", literal=True) + 1)


def _apply(vectorised: _Vectorised, scalar: Callable[[str], str], texts: pl.Series) -> pl.Series:
    """Apply the expression to easy texts, `scalar` to hard ones.

    The expression runs on all cores; the order of the texts is kept.
    """
    hard = _LOWERED.str.contains(vectorised.hard) | pl.col("text").str.contains(patterns.KELVIN, literal=True)
    rows = max(1, math.ceil(len(texts) / pl.thread_pool_size()))
    parts = pl.collect_all(
        part.lazy().select(easy=vectorised.expression, hard=hard)
        for part in pl.DataFrame({"text": texts}).iter_slices(rows)
    )
    done = pl.concat(parts) if parts else pl.DataFrame(schema={"easy": pl.String, "hard": pl.Boolean})
    places = done["hard"].arg_true()
    return done["easy"].scatter(places, _apply_one_by_one(scalar, texts.gather(places))).alias(texts.name)


def _apply_one_by_one(scalar: Callable[[str], str], texts: pl.Series) -> pl.Series:
    known = {text: scalar(text) for text in texts.drop_nulls().unique()}
    return pl.Series(texts.name, [None if text is None else known[text] for text in texts], pl.String)


def _plain_recipe() -> _Vectorised:
    text = _LOWERED.str.replace_all(patterns.MARKUP, " ").str.replace_all(patterns.ADDRESS, " ")
    return _Vectorised(patterns.HARD_PLAIN, _words(text, patterns.LETTERS))


def _social_recipe() -> _Vectorised:
    text = _LOWERED.str.replace_all(patterns.MARKUP, " ")
    for pattern, sign in ({patterns.ADDRESS: _ADDRESS, patterns.USER: _USER} | _MARKS).items():
        text = text.str.replace_all(pattern, f" {sign} ")
    for sign in "!?#":
        text = text.str.replace_all(sign, f" {sign} ", literal=True)
    text = _words(text, patterns.LETTERS + "!?#" + "".join(_TOKENS))
    for sign, token in _TOKENS.items():
        text = text.str.replace_all(sign, token, literal=True)
    return _Vectorised(patterns.HARD_SOCIAL, text)


def _words(text: pl.Expr, letters: str) -> pl.Expr:
    """Split into words with one space between.

    A single apostrophe between letters is part of a word; any other separates.
    """
    text = text.str.replace_all(patterns.APOSTROPHE, "'")
    return text.str.replace_all(patterns.gap(letters, joiner="'"), " ").str.strip_chars("' ")


def _deduplication_key() -> _Vectorised:
    text = _LOWERED
    for noise in (patterns.MARKUP, patterns.ADDRESS, patterns.RETWEET, patterns.USER):
        # A mere space would bring "RT" and "@name" together that stood apart.
        text = text.str.replace_all(noise, f" {_ADDRESS} ")
    text = text.str.replace_all("'", "", literal=True).str.replace_all(patterns.APOSTROPHE, "")
    text = text.str.replace_all(patterns.gap(patterns.LETTERS_IN_KEY), " ")
    return _Vectorised(patterns.HARD_KEY, text.str.strip_chars(" "))


def _with_version_2(vectorised: _Vectorised) -> _Vectorised:
    """Count texts that version 2 changes as hard."""
    return _Vectorised(f"{vectorised.hard}|{patterns.HARD_IN_V2}", vectorised.expression)


_RECIPES = {
    Recipe("plain-v1"): _plain_recipe(),
    Recipe("social-v1"): _social_recipe(),
    Recipe("plain-v2"): _with_version_2(_plain_recipe()),
    Recipe("social-v2"): _with_version_2(_social_recipe()),
}
_KEY = _deduplication_key()
