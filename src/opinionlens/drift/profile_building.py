"""Profiles of held-out texts, as the pipeline makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from opinionlens.drift.embedding import TermEmbedder, fourier_features
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.thresholds import PoolRows, find_spreads
from opinionlens.drift.windows import ENCODING_TRACES, TermPlaces, terms_of, unknown_share
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import Recipe

FALSE_ALARM_RATE = 0.01
_RESAMPLES = 4_000
# This many texts fix every share well enough, and keep a stage of 50,000 reviews within a minute.
_MOST_TEXTS = 20_000
_MOST_TERMS = 2_000
# A term of fewer texts is written nowhere: it may be a name or a number of one person.
_LEAST_TEXTS_OF_A_TERM = 20
_LONGEST_TERM = 40
_BINS = 40


def build_profile(
    texts: Sequence[str],
    probabilities: NDArray[np.floating],
    known_words: Collection[str],
    recipe: Recipe,
    *,
    seed: int,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    resamples: int = _RESAMPLES,
) -> TextProfile:
    """Return the profile of held-out texts, with thresholds.

    Served texts are new to the model. On texts that it learnt, or that models of its folds predicted, words
    are better known and answers less or more sure by so much that large windows would always give an alarm.

    Args:
        texts: raw; of very many some are taken, evenly. Neither the vocabulary nor the weights were fitted
            on them.
        probabilities: as the model serves them, a column per label in the order of `LABELS`.
        known_words: the vocabulary's word n-grams; only single words count.
        recipe: finds the terms.
        seed: of the resampling.
        false_alarm_rate: of a check without drift, over all measures together.
        resamples: windows of each size.
    """
    chosen = range(0, len(texts), -(-len(texts) // _MOST_TEXTS))
    terms = [terms_of(recipe, texts[row]) for row in chosen]
    unknown = _unknown_shares(terms, known_words, recipe)
    labels = probabilities[:: chosen.step].argmax(axis=1)
    confidence = np.asarray(probabilities[:: chosen.step].max(axis=1), dtype=np.float64)
    lengths = np.array([len(texts[row]) for row in chosen], dtype=np.float64)
    confidence_edges, length_edges = _edges(confidence), _edges(lengths)
    places = _places(terms)
    embeddings = TermEmbedder().embed(terms)
    rows = PoolRows(
        labels=labels,
        confidence=np.searchsorted(confidence_edges, confidence, side="right"),
        length=np.searchsorted(length_edges, lengths, side="right"),
        widths=(len(LABELS), len(confidence_edges) + 1, len(length_edges) + 1),
        unknown=unknown,
        embeddings=embeddings,
        terms=_matrix(terms, places),
    )
    shares = np.asarray(rows.terms.sum(axis=0)).ravel() / len(rows)
    named = len(places.columns)
    return TextProfile(
        texts=len(rows),
        false_alarm_rate=false_alarm_rate,
        resamples=resamples,
        label_shares=_shares(rows.labels, rows.widths[0]),
        confidence_edges=_plain(confidence_edges),
        confidence_shares=_shares(rows.confidence, rows.widths[1]),
        length_edges=_plain(length_edges),
        length_shares=_shares(rows.length, rows.widths[2]),
        unknown_share=None if unknown is None else _plain([float(np.nanmean(unknown))])[0],
        embedding=_plain(embeddings.mean(axis=0, dtype=np.float64)),
        fourier=_plain(fourier_features(embeddings).mean(axis=0, dtype=np.float64)),
        terms=tuple(places.columns),
        term_shares=_plain(shares[:named]),
        rest_shares=_plain(shares[named:]),
        spreads=find_spreads(rows, false_alarm_rate=false_alarm_rate, resamples=resamples, seed=seed),
    )


def _unknown_shares(
    terms: Sequence[Sequence[str]], known_words: Collection[str], recipe: Recipe
) -> NDArray[np.float64] | None:
    known = {term for term in known_words if " " not in term}
    if not known:
        return None
    found = np.array([unknown_share(recipe, each, known.__contains__) for each in terms])
    return found if np.isfinite(found).any() else None


def _places(terms: Sequence[Sequence[str]]) -> TermPlaces:
    """Give the most frequent terms a column each.

    No rare ones, and none with several digits: those are numbers of somebody. Traces of a wrong encoding have
    theirs in any case, so that they can be named when they begin.
    """
    uses = Counter(term for each in terms for term in each if len(term) <= _LONGEST_TERM)
    frequent = {term for term, count in uses.items() if count >= _LEAST_TEXTS_OF_A_TERM}
    named = [term for term in frequent.difference(ENCODING_TRACES) if not _is_number(term)]
    named.sort(key=lambda term: (-uses[term], term))
    columns = [*ENCODING_TRACES, *named[: _MOST_TERMS - len(ENCODING_TRACES)]]
    return TermPlaces({term: column for column, term in enumerate(columns)})


def _is_number(term: str) -> bool:
    return sum(map(str.isdigit, term)) > 3


def _matrix(terms: Sequence[Sequence[str]], places: TermPlaces) -> sp.csr_array:
    columns = [places.of(each) for each in terms]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.array([column for each in columns for column in each], dtype=np.int32)
    return sp.csr_array((np.ones(len(flat), dtype=np.float32), flat, ends), shape=(len(terms), places.width))


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges between bins of about equally many values."""
    edges = np.quantile(values, np.arange(1, _BINS) / _BINS)
    return np.unique(np.array([float(f"{edge:.6g}") for edge in edges]))


def _shares(codes: NDArray[np.int64], width: int) -> tuple[float, ...]:
    return _plain(np.bincount(codes, minlength=width) / len(codes))


def _plain(values: Sequence[float] | NDArray[np.floating]) -> tuple[float, ...]:
    # Digits beyond these are noise, and would differ between machines.
    return tuple(float(f"{float(value):.7g}") for value in values)
