"""The counted terms, chosen on training texts, as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from opinionlens.base.errors import StageFailed
from opinionlens.base.files import write_json
from opinionlens.features.char_counts import count_frequent_chars, count_known_chars
from opinionlens.features.counts import Counts, Csr, FloatArray
from opinionlens.features.spec import DENSE_FEATURES, FeatureSpec
from opinionlens.features.terms import CountedTerms
from opinionlens.features.token_stream import TokenStream
from opinionlens.features.word_counts import count_frequent_words
from opinionlens.features.word_index import WordIndex


@dataclass(frozen=True)
class VocabularyLimits:
    """The limits of a block's terms.

    It keeps terms in at least `min_df` texts, of them the `max_features` most frequent.
    """

    min_df: int = 1
    max_features: int | None = None


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The features and their terms, in column order.

    A block that is not counted has no terms.
    """

    spec: FeatureSpec
    words: tuple[str, ...] = ()
    chars: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        spec: FeatureSpec,
        texts: Iterable[str],
        *,
        words: VocabularyLimits | None = None,
        chars: VocabularyLimits | None = None,
    ) -> tuple[Self, Counts]:
        """Choose the terms on `texts` and count them.

        This is one pass: texts are never tokenised twice.
        """
        stream, values = _read(spec, texts)
        word_counts = _chosen_words(spec, stream, words or VocabularyLimits())
        char_counts = _chosen_chars(spec, stream, chars or VocabularyLimits())
        vocabulary = cls(
            spec,
            tuple(word_counts.terms) if word_counts else (),
            tuple(char_counts.terms) if char_counts else (),
        )
        return vocabulary, Counts(
            words=word_counts.counts if word_counts else None,
            chars=char_counts.counts if char_counts else None,
            **values,
        )

    def transform(self, texts: Iterable[str]) -> Counts:
        """Count the terms in other texts."""
        stream, values = _read(self.spec, texts)
        words: Csr | None = None
        chars: Csr | None = None
        if self.spec.word_ngrams:
            words = self._word_index.count(stream)
        if self.spec.char_ngrams:
            chars = count_known_chars(stream, self._char_columns, *self.spec.char_ngrams)
        return Counts(words=words, chars=chars, **values)

    @cached_property
    def _word_index(self) -> WordIndex:
        return WordIndex.of(self.words)

    @cached_property
    def _char_columns(self) -> dict[str, int]:
        return {term: column for column, term in enumerate(self.chars)}

    def save(self, directory: Path) -> None:
        """Write terms and features into an existing folder.

        Terms are UTF-8 with offsets, the features JSON.
        """
        write_json(directory / "features.json", self.spec.as_dict())
        for name, terms in (("words", self.words), ("chars", self.chars)):
            encoded = [term.encode("utf-8", "surrogatepass") for term in terms]
            offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
            np.save(directory / f"{name}.utf8.npy", np.frombuffer(b"".join(encoded), dtype=np.uint8))
            np.save(directory / f"{name}.offsets.npy", offsets)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the folder that `save` wrote.

        Raises:
            StageFailed: the folder does not hold a vocabulary.
            ArtifactUnsupported: it was made for features that this version of the code does not know.
        """
        try:
            spec = FeatureSpec.from_dict(
                json.loads((directory / "features.json").read_text(encoding="utf-8"))
            )
            words, chars = (_load_terms(directory, name) for name in ("words", "chars"))
        except (OSError, EOFError, ValueError) as error:
            raise StageFailed(
                f"The vocabulary cannot be read: {error}.",
                where=str(directory),
                remedy="Make it again with `dvc repro --force vectorize_data`.",
            ) from error
        return cls(spec, words, chars)


def _read(spec: FeatureSpec, texts: Iterable[str]) -> tuple[TokenStream, dict[str, FloatArray]]:
    """Return the tokens and the dense blocks of all texts.

    Each text is scanned once.
    """
    lexicon: list[list[float]] = []
    opinions: list[list[float]] = []

    def tokens_of(text: str) -> list[str]:
        tokens, of_lexicon, of_opinions = spec.values_beside_tokens(text)
        lexicon.append(of_lexicon)
        opinions.append(of_opinions)
        return tokens

    stream = TokenStream.of(map(tokens_of, texts))
    values = {"lexicon": lexicon, "opinions": opinions}
    return stream, {
        name: np.array(values[name], dtype=np.float64).reshape(stream.n, len(columns))
        for name, columns in DENSE_FEATURES.items()
        if getattr(spec, name)
    }


def _chosen_words(spec: FeatureSpec, stream: TokenStream, limits: VocabularyLimits) -> CountedTerms | None:
    if not spec.word_ngrams:
        return None
    found = count_frequent_words(stream, *spec.word_ngrams, limits.min_df)
    return found.chosen(limits.min_df, limits.max_features)


def _chosen_chars(spec: FeatureSpec, stream: TokenStream, limits: VocabularyLimits) -> CountedTerms | None:
    if not spec.char_ngrams:
        return None
    found = count_frequent_chars(stream, *spec.char_ngrams, limits.min_df)
    return found.chosen(limits.min_df, limits.max_features)


def _load_terms(directory: Path, name: str) -> tuple[str, ...]:
    utf8 = np.load(directory / f"{name}.utf8.npy", allow_pickle=False).tobytes()
    offsets = np.load(directory / f"{name}.offsets.npy", allow_pickle=False).tolist()
    return tuple(utf8[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(offsets))
