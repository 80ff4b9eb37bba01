"""A linear classifier's decision by feature and place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Protocol

import numpy as np

from opinionlens.classifiers.explanation import Contribution, Explanation, Span
from opinionlens.classifiers.linear.block_sums import DenseSums, TermSums
from opinionlens.classifiers.linear.general_expert import GeneralExpert
from opinionlens.classifiers.linear.text_reading import Reading, TextReader
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.features.spec import BlockName
from opinionlens.text.general import GENERAL_FEATURES, OPINION_FEATURES, GeneralPart, general_parts
from opinionlens.text.labels import Label
from opinionlens.text.lexicon import LEXICON_FEATURES, LexiconPart
from opinionlens.text.ngrams import char_ngrams, word_ngrams
from opinionlens.text.recipe import Token
from opinionlens.text.scanning import Piece

Places = Mapping[str, Sequence[Span]]
_PLACE, _VALUE = attrgetter("start", "end"), attrgetter("value")


class LinearParts(Protocol):
    """The parts of a linear classifier that an explanation reads."""

    manifest: Manifest
    labels: tuple[Label, ...]
    reader: TextReader
    intercept: FloatArray
    terms: dict[BlockName, TermSums]
    lexicon: DenseSums | None
    opinions: DenseSums | None
    expert: GeneralExpert | None

    def decide_reading(self, reading: Reading) -> FloatArray:
        """Return decision values (k,) before calibration."""

    def predict_reading(self, reading: Reading) -> Prediction:
        """Return the prediction for a text that has been read."""


def explain_linear(classifier: LinearParts, text: str) -> Explanation:
    """Return contributions that add up to the decision value.

    The intercept is part of the sum.
    """
    recipe = classifier.manifest.features.recipe
    reading = classifier.reader.read(text)
    pieces = recipe.pieces_with_places(text)
    tokens = tuple(recipe.tokens_at(pieces) if recipe.tokenizer == "pattern" else recipe.tokenize(text))
    mixture = reading.mixture
    expert = classifier.expert if mixture.expert else None
    # Beside an expert the n-grams count in part.
    factor = mixture.domain if expert else 1.0
    contributions = [
        *_of_words(classifier, tokens, factor),
        *_of_chars(classifier, tokens, factor),
        *_of_lexicon(classifier, reading, pieces, factor),
    ]
    bias = factor * classifier.intercept
    contributions += _of_opinions(classifier, expert, reading, pieces, factor)
    if expert:
        bias = bias + mixture.expert * expert.intercept
    return Explanation(
        text=text,
        labels=classifier.labels,
        decision=tuple(classifier.decide_reading(reading).tolist()),
        bias=tuple(bias.tolist()),
        contributions=tuple(contributions),
        tokens=tokens,
        prediction=classifier.predict_reading(reading),
        share=mixture.share,
    )


def _of_words(classifier: LinearParts, tokens: Sequence[Token], factor: float) -> Iterator[Contribution]:
    span = classifier.manifest.features.word_ngrams
    if not (span and classifier.reader.words):
        return
    places: dict[str, list[Span]] = defaultdict(list)
    texts = [token.text for token in tokens]
    for size in range(span[0], span[1] + 1):
        for first, gram in enumerate(word_ngrams(texts, size, size)):
            places[gram].append((tokens[first].start, tokens[first + size - 1].end))
    yield from _of_terms("words", places, classifier.reader.words.row, classifier.terms["words"], factor)


def _of_chars(classifier: LinearParts, tokens: Sequence[Token], factor: float) -> Iterator[Contribution]:
    span = classifier.manifest.features.char_ngrams
    if not (span and classifier.reader.chars):
        return
    places: dict[str, list[Span]] = defaultdict(list)
    for token in tokens:
        place = (token.start, token.end)
        for gram in char_ngrams(token.text, *span):
            places[gram].append(place)
    yield from _of_terms("chars", places, classifier.reader.chars.row, classifier.terms["chars"], factor)


def _of_terms(
    block: str, places: Places, row_of: Callable[[str], int | None], sums: TermSums, factor: float
) -> Iterator[Contribution]:
    """Yield the contributions of counted terms.

    Every occurrence of a term has the same part in its contribution.
    """
    known = [(term, row) for term in places if (row := row_of(term)) is not None]
    if not known:
        return
    rows = np.array([row for _, row in known], dtype=np.int32)
    tf = sums.tf_of(np.array([len(places[term]) for term, _ in known]))
    values = factor * (sums.table[rows, :-1] * (tf / sums.norm(rows, tf))[:, None])
    for (term, _), row_values in zip(known, values.tolist(), strict=True):
        yield Contribution(term, block, tuple(row_values), tuple(places[term]))


def _of_lexicon(
    classifier: LinearParts, reading: Reading, pieces: Sequence[Piece], factor: float
) -> Iterator[Contribution]:
    """Yield the contributions of lexicon features.

    An occurrence has the part that the lexicon gave it.
    """
    sums = classifier.lexicon
    if sums is None:
        return
    values = reading.lexicon
    weights = sums.table[:, :-1] / sums.norm(values)
    found: dict[str, list[LexiconPart]] = defaultdict(list)
    for part in classifier.manifest.features.lexicon_parts(pieces):
        found[part.feature].append(part)
    for feature, parts in found.items():
        column = LEXICON_FEATURES.index(feature)
        yield Contribution(
            feature,
            "lexicon",
            tuple((factor * (weights[column] * values[column])).tolist()),
            tuple(map(_PLACE, parts)),
            _parts(list(map(_VALUE, parts)), weights[column], factor),
        )


def _of_opinions(
    classifier: LinearParts,
    expert: GeneralExpert | None,
    reading: Reading,
    pieces: Sequence[Piece],
    factor: float,
) -> Iterator[Contribution]:
    """Yield the contributions of opinion and general values.

    The n-grams' model weighs the first, the expert both. Code and records have none.
    """
    if not reading.mixture.is_prose or not (expert or classifier.opinions):
        return
    found: dict[str, list[GeneralPart]] = defaultdict(list)
    for part in general_parts(reading.text, pieces):
        found[part.feature].append(part)
    if sums := classifier.opinions:
        weights = factor * sums.table[:, :-1] / sums.norm(reading.opinions)
        yield from _of_values("opinions", OPINION_FEATURES, reading.opinions, weights, found)
    if expert:
        weights = reading.mixture.expert * expert.coef.T
        yield from _of_values("general", GENERAL_FEATURES, reading.general, weights, found)


def _of_values(
    block: str,
    features: Sequence[str],
    values: Sequence[float],
    weights: FloatArray,
    found: Mapping[str, Sequence[GeneralPart]],
) -> Iterator[Contribution]:
    for feature, value, row in zip(features, values, weights, strict=True):
        if parts := found.get(feature):
            yield Contribution(
                feature,
                block,
                tuple((row * value).tolist()),
                tuple(map(_PLACE, parts)),
                _parts(list(map(_VALUE, parts)), row),
            )


def _parts(
    amounts: Sequence[float], weights: FloatArray, factor: float = 1.0
) -> tuple[tuple[float, ...], ...]:
    """Return the values of each occurrence, for every class."""
    return tuple(map(tuple, (factor * np.outer(amounts, weights)).tolist()))
