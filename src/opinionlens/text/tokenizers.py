"""Tokenizers to choose from: ours, and NLTK's for tweets.

NLTK's needs none of its downloads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from opinionlens.text.aligned import Aligned
from opinionlens.text.scanning import MARKUP, Piece, scan, scan_with_places, spans

_MARKUP = re.compile(MARKUP)
# NLTK's pattern starts over at every character of a run without spaces, so its time grows with the square of
# the length. Runs as long as this are addresses or noise, and our pattern cuts them.
_LONG_RUN = re.compile(r"(?<!\S)\S{50,}")


class Tokenizer(NamedTuple):
    """Two ways to the same pieces, without and with places.

    `scan` is the quick one.
    """

    scan: Callable[[str], list[str]]
    scan_with_places: Callable[[Aligned], list[Piece]]


def _scan_tweet(text: str) -> list[str]:
    return ["".join(text[start:end].split()) for start, end in _tweet_spans(text)]


def _scan_tweet_with_places(text: Aligned) -> list[Piece]:
    return [
        Piece("".join(text.text[start:end].split()), *text.place(start, end))  # its ellipsis may hold spaces
        for start, end in _tweet_spans(text.text)
    ]


def _tweet_spans(text: str) -> Iterator[tuple[int, int]]:
    visible = _MARKUP.sub(lambda markup: " " * len(markup.group()), text)
    read = 0
    for run in _LONG_RUN.finditer(visible):
        yield from _nltk_spans(visible, read, run.start())
        yield from spans(visible, *run.span())
        read = run.end()
    yield from _nltk_spans(visible, read, len(visible))


def _nltk_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    # Its own time limit is off: the tokens must not depend on how busy the machine is.
    return (match.span() for match in _tweet_pattern().finditer(text, start, end, timeout=None))


@cache
def _tweet_pattern() -> Any:  # noqa: ANN401 - a pattern of NLTK's own type
    from nltk.tokenize.casual import TweetTokenizer  # imports scikit-learn where that is installed

    return TweetTokenizer().WORD_RE


TOKENIZERS = {
    "pattern": Tokenizer(scan, scan_with_places),
    "tweet": Tokenizer(_scan_tweet, _scan_tweet_with_places),
}
