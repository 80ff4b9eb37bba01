"""Counts of character n-grams.

They never cross words, so each distinct token is cut up once. A text's counts are the counts of its tokens
times the counts of n-grams in each token: one sparse product.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from opinionlens.features.counts import Csr, canonical
from opinionlens.features.terms import CountedTerms
from opinionlens.features.token_stream import TokenStream
from opinionlens.text.ngrams import char_ngrams


def count_frequent_chars(stream: TokenStream, low: int, high: int, min_df: int) -> CountedTerms:
    """Count the character n-grams with `min_df` or more occurrences.

    They have `low` to `high` characters.
    """
    numbers: dict[str, int] = {}
    columns: list[int] = []
    ends = [0]
    for token in stream.tokens:
        columns += [numbers.setdefault(gram, len(numbers)) for gram in char_ngrams(token, low, high)]
        ends.append(len(columns))
    in_tokens = _counted(columns, ends, len(numbers))
    uses = np.bincount(stream.ids, minlength=len(stream.tokens))
    # N-grams with fewer than min_df occurrences are in fewer than min_df texts.
    # Without them the product is small.
    often = np.flatnonzero(uses @ in_tokens >= min_df)
    terms = list(numbers)
    return CountedTerms([terms[column] for column in often], _in_texts(stream, in_tokens[:, often]))


def count_known_chars(stream: TokenStream, columns: Mapping[str, int], low: int, high: int) -> Csr:
    """Count the n-grams in `columns`, each in its column."""
    found: list[int] = []
    ends = [0]
    for token in stream.tokens:
        found += [columns[gram] for gram in char_ngrams(token, low, high) if gram in columns]
        ends.append(len(found))
    return _in_texts(stream, _counted(found, ends, len(columns)))


def _counted(columns: list[int], ends: list[int], width: int) -> Csr:
    ones = np.ones(len(columns), dtype=np.int32)
    shape = (len(ends) - 1, width)
    return canonical(sp.csr_array((ones, np.array(columns, dtype=np.int32), np.array(ends)), shape=shape))


def _in_texts(stream: TokenStream, in_tokens: Csr) -> Csr:
    tokens_in_texts = stream.counted(stream.ids, len(stream.tokens))
    return canonical(tokens_in_texts @ in_tokens)
