"""From texts and predictions to the averages that measures compare."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.embedding import DIMENSIONS, FOURIER, TermEmbedder, fourier_features
from opinionlens.drift.profile import Means, TextProfile
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import NEGATED, Recipe

# Buckets of the terms that are too rare for a place of their own.
REST = 256
# Distinct terms of one text that are looked at: a pasted book is one text.
_MOST_TERMS = 2_000

# UTF-8 read as Latin-1 or Windows-1252, and characters that were lost on the way.
_WRONGLY_DECODED = re.compile("[ÂÃ][\u0080-\u00bf\u0152-\u0192\u2013-\u2122]|â[\u0080-\u00bf€]|\ufffd")
WRONG_ENCODING = "<wrong encoding>"

KnowsWord = Callable[[str], bool]


def terms_of(recipe: Recipe, text: str) -> list[str]:
    """Return the distinct terms of a text, in their order.

    Traces of a wrong encoding count as a term: recipes repair some of them, so that the model is not hurt,
    but the sender should hear of it.
    """
    terms = dict.fromkeys(recipe.tokens(text))
    if not text.isascii() and _WRONGLY_DECODED.search(text):
        terms = {WRONG_ENCODING: None} | terms
    return list(terms)[:_MOST_TERMS]


def unknown_share(recipe: Recipe, terms: Sequence[str], knows: KnowsWord) -> float:
    """Return the share of unknown ones among distinct words.

    NaN without words. A word begins with a letter, as for the classifiers' familiarity.
    """
    words = [term for term in terms if term[0].isalpha()]
    if recipe.negation_scope:
        words = list({word.removesuffix(NEGATED) for word in words})
    if not words:
        return float("nan")
    return 1 - sum(map(knows, words)) / len(words)


def bucket_of(term: str) -> int:
    """Return the bucket of a rare term."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass")) % REST


@dataclass(frozen=True, eq=False)
class TermPlaces:
    """Columns of terms: those of the profile, then the buckets."""

    columns: Mapping[str, int]

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.columns) + REST

    def of(self, terms: Sequence[str]) -> list[int]:
        """Return the distinct columns of a text's terms."""
        named, first = self.columns, len(self.columns)
        return list({named.get(term, -1) if term in named else first + bucket_of(term) for term in terms})


class WindowSums:
    """Sums over the texts of one window, for its averages.

    The memory does not grow with the window.
    """

    def __init__(self, profile: TextProfile) -> None:
        """Take edges and terms of a profile."""
        self._confidence_edges = np.asarray(profile.confidence_edges)
        self._length_edges = np.asarray(profile.length_edges)
        self._places = TermPlaces({term: column for column, term in enumerate(profile.terms)})
        self._embedder = TermEmbedder()
        self.texts = self.read_texts = 0
        self._labels = np.zeros(len(LABELS))
        self._confidence = np.zeros(len(profile.confidence_shares))
        self._length = np.zeros(len(profile.length_shares))
        self._unknown, self._with_words = 0.0, 0
        self._embedding, self._fourier = np.zeros(DIMENSIONS), np.zeros(FOURIER)
        self._terms = np.zeros(self._places.width)

    def add_predictions(self, probabilities: NDArray[np.float64], lengths: Sequence[int]) -> None:
        """Add predictions (n, 3) with the lengths of their texts."""
        if not len(lengths):
            return
        self.texts += len(lengths)
        self._labels += np.bincount(probabilities.argmax(axis=1), minlength=len(LABELS))
        self._confidence += binned(probabilities.max(axis=1), self._confidence_edges)
        self._length += binned(np.asarray(lengths, dtype=np.float64), self._length_edges)

    def add_texts(self, texts: Sequence[str], recipe: Recipe, knows: KnowsWord | None) -> None:
        """Add the words of texts.

        `knows` tells whether the vocabulary has a word.
        """
        if not texts:
            return
        self.read_texts += len(texts)
        terms = [terms_of(recipe, text) for text in texts]
        embeddings = self._embedder.embed(terms)
        self._embedding += embeddings.sum(axis=0, dtype=np.float64)
        self._fourier += fourier_features(embeddings).sum(axis=0, dtype=np.float64)
        columns = [column for each in terms for column in self._places.of(each)]
        self._terms += np.bincount(np.asarray(columns, dtype=np.int64), minlength=self._places.width)
        if knows is not None:
            shares = np.array([unknown_share(recipe, each, knows) for each in terms])
            self._unknown += float(np.nansum(shares))
            self._with_words += int(np.isfinite(shares).sum())

    def means(self) -> Means:
        """Return the averages of the texts so far.

        There must be one.
        """
        read = self.read_texts
        has_unknown = self._with_words > 0
        return Means(
            self.texts,
            labels=self._labels[None] / self.texts,
            confidence=self._confidence[None] / self.texts,
            length=self._length[None] / self.texts,
            read_texts=read,
            unknown=np.array([self._unknown / self._with_words]) if has_unknown else None,
            embedding=self._embedding[None] / read if read else None,
            fourier=self._fourier[None] / read if read else None,
            terms=self._terms[None] / read if read else None,
        )


def binned(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of values in each bin.

    A value on an edge belongs to the bin above.
    """
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
