"""From texts and predictions to the averages that measures compare."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.drift.embedding import (
    DIMENSIONS,
    FOURIER,
    TEXTS_AT_ONCE,
    TermEmbedder,
    TermRows,
    fourier_sum,
)
from opinionlens.drift.profile import Means, TextProfile
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import NEGATED, Recipe

# Buckets of the terms that are too rare for a place of their own.
REST = 256
# Distinct terms of one text that are looked at: a pasted book is one text.
_MOST_TERMS = 2_000

# UTF-8 read as Latin-1 or Windows-1252.
_MISREAD = re.compile("[ÂÃ][\u0080-\u00bf\u0152-\u0192\u2013-\u2122]|â[\u0080-\u00bf€]")
# A character that was lost on the way.
_LOST = "\ufffd"
# The first stands for either trace; the second shows misread texts also where many others lost characters.
WRONG_ENCODING, MISREAD_ENCODING = ENCODING_TRACES = ("<wrong encoding>", "<misread encoding>")

KnowsWord = Callable[[str], bool]


def terms_of(recipe: Recipe, text: str) -> list[str]:
    """Return the distinct terms of a text, in their order."""
    return distinct_terms(recipe.tokens(text), text)


def distinct_terms(tokens: Sequence[str], text: str) -> list[str]:
    """Return the distinct terms among a text's tokens.

    Traces of a wrong encoding count as terms: recipes repair some of them, so that the model is not hurt, but
    the sender should hear of it.
    """
    terms = dict.fromkeys(tokens)
    if not text.isascii():
        terms = dict.fromkeys(_encoding_traces(text)) | terms
    return list(terms)[:_MOST_TERMS]


def _encoding_traces(text: str) -> tuple[str, ...]:
    if _MISREAD.search(text):
        return ENCODING_TRACES
    return (WRONG_ENCODING,) if _LOST in text else ()


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
        return list({self.column(term) for term in terms})

    def column(self, term: str) -> int:
        """Return the column of a term."""
        found = self.columns.get(term)
        return len(self.columns) + bucket_of(term) if found is None else found


@dataclass(frozen=True, slots=True, eq=False)
class SumState:
    """The sums of a window, as they are stored.

    Attributes:
        texts: predicted ones.
        read_texts: of which the words were read.
        texts_with_words: texts whose share of unknown words is known.
        unknown: the sum of these shares.
        labels: texts by predicted label, in the order of LABELS.
        confidence: texts by bin of the winning probability.
        length: texts by bin of their length.
        embedding: the sum of the embeddings.
        fourier: the sum of their Fourier features.
        terms: texts by term of the profile, then by bucket of other terms.
    """

    texts: int
    read_texts: int
    texts_with_words: int
    unknown: float
    labels: NDArray[np.float64]
    confidence: NDArray[np.float64]
    length: NDArray[np.float64]
    embedding: NDArray[np.float64]
    fourier: NDArray[np.float64]
    terms: NDArray[np.float64]


class WindowSums:
    """Sums over the texts of one window, for its averages.

    The memory does not grow with the window.
    """

    def __init__(self, profile: TextProfile, embedder: TermEmbedder | None = None) -> None:
        """Take edges and terms of a profile.

        An embedder may be shared, for the words that it remembers.
        """
        self._confidence_edges = np.asarray(profile.confidence_edges)
        self._length_edges = np.asarray(profile.length_edges)
        self._places = TermPlaces({term: column for column, term in enumerate(profile.terms)})
        self._embedder = embedder or TermEmbedder()
        self._clearings, self._looked_up = self._embedder.clearings, 0
        self._columns = np.zeros(0, dtype=np.int64)
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
        terms = [terms_of(recipe, text) for text in texts]
        self.add_terms(terms)
        if knows is not None:
            self.add_unknown([unknown_share(recipe, each, knows) for each in terms])

    def add_terms(self, terms: Sequence[Sequence[str]]) -> None:
        """Add the distinct terms of texts."""
        self.read_texts += len(terms)
        for start in range(0, len(terms), TEXTS_AT_ONCE):
            self._add_rows(self._embedder.index(terms[start : start + TEXTS_AT_ONCE]))

    def _add_rows(self, texts: TermRows) -> None:
        embeddings = self._embedder.embed_rows(texts)
        self._embedding += embeddings.sum(axis=0, dtype=np.float64)
        self._fourier += fourier_sum(embeddings)
        columns = self._columns_of(texts.rows)
        rare = columns >= len(self._places.columns)
        width = self._places.width
        # Two rare terms of a text may share a bucket, and count once.
        of_text = np.repeat(np.arange(len(texts.sizes)) * width, texts.sizes)
        buckets = np.unique(of_text[rare] + columns[rare]) % width
        self._terms += np.bincount(np.concatenate([columns[~rare], buckets]), minlength=width)

    def _columns_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the columns of the embedder's rows, from memory."""
        if self._clearings != self._embedder.clearings:
            self._clearings, self._columns, self._looked_up = self._embedder.clearings, self._columns[:0], 0
        terms = self._embedder.terms
        if self._looked_up < len(terms):
            if len(self._columns) < len(terms):
                more = np.zeros(2 * len(terms) - len(self._columns), dtype=np.int64)
                self._columns = np.concatenate([self._columns, more])
            new = [self._places.column(term) for term in terms[self._looked_up :]]
            self._columns[self._looked_up : len(terms)] = new
            self._looked_up = len(terms)
        return self._columns[rows]

    def add_unknown(self, shares: Sequence[float]) -> None:
        """Add texts' shares of unknown words.

        NaN counts for no text.
        """
        found = [share for share in shares if not math.isnan(share)]
        self._unknown += math.fsum(found)
        self._with_words += len(found)

    def state(self) -> SumState:
        """Return a copy of the sums so far."""
        return SumState(
            texts=self.texts,
            read_texts=self.read_texts,
            texts_with_words=self._with_words,
            unknown=self._unknown,
            labels=self._labels.copy(),
            confidence=self._confidence.copy(),
            length=self._length.copy(),
            embedding=self._embedding.copy(),
            fourier=self._fourier.copy(),
            terms=self._terms.copy(),
        )

    def add_words_of(self, state: SumState) -> bool:
        """Add the words of stored sums; return whether they fit.

        Those that were gathered with another profile do not. Predictions and shares of unknown words are not
        added: their own rows tell them.
        """
        ours = (self._embedding, self._fourier, self._terms)
        theirs = (state.embedding, state.fourier, state.terms)
        if any(own.shape != other.shape for own, other in zip(ours, theirs, strict=True)):
            return False
        self.read_texts += state.read_texts
        for own, other in zip(ours, theirs, strict=True):
            own += other
        return True

    def means(self) -> Means:
        """Return the averages of the texts so far.

        There must be one.
        """
        read = self.read_texts
        return Means(
            self.texts,
            labels=self._labels[None] / self.texts,
            confidence=self._confidence[None] / self.texts,
            length=self._length[None] / self.texts,
            read_texts=read,
            unknown_texts=self._with_words,
            unknown=np.array([self._unknown / self._with_words]) if self._with_words else None,
            embedding=self._embedding[None] / read if read else None,
            fourier=self._fourier[None] / read if read else None,
            terms=self._terms[None] / read if read else None,
        )


def binned(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of values in each bin.

    A value on an edge belongs to the bin above.
    """
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
