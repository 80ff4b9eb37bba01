"""Tokenizers to choose from: ours, and NLTK's for tweets, which needs none of its downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from opinionlens.text.entities import Decoded
from opinionlens.text.scanning import MARKUP, Piece, scan, scan_with_places

_MARKUP = re.compile(MARKUP)


class Tokenizer(NamedTuple):
    """Two ways to the same pieces: the quick one without their places."""

    scan: Callable[[str], list[str]]
    scan_with_places: Callable[[str], list[Piece]]


def _scan_tweet(text: str) -> list[str]:
    return [piece.text for piece in _scan_tweet_with_places(text)]


def _scan_tweet_with_places(text: str) -> list[Piece]:
    decoded = Decoded.of(text)
    visible = _MARKUP.sub(lambda markup: " " * len(markup.group()), decoded.text)
    return [
        Piece("".join(match.group().split()), *decoded.place(*match.span()))  # its ellipsis may hold spaces
        for match in _tweet_pattern().finditer(visible)
    ]


@cache
def _tweet_pattern() -> re.Pattern[str]:
    from nltk.tokenize.casual import TweetTokenizer  # imports scikit-learn where that is installed

    pattern: re.Pattern[str] = TweetTokenizer().WORD_RE
    return pattern


TOKENIZERS = {
    "pattern": Tokenizer(scan, scan_with_places),
    "tweet": Tokenizer(_scan_tweet, _scan_tweet_with_places),
}
