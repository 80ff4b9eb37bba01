"""VADER's word list, from the data of the package `vaderSentiment`.

The package (MIT) is never imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from types import MappingProxyType

_PACKAGE = "vaderSentiment"


@cache
def valences() -> Mapping[str, float]:
    """Return the mean valence of about 7,500 words and emoticons.

    It is from -4 to 4, as people rated them.
    """
    rows = (line.split("\t", 2) for line in _lines("vader_lexicon.txt"))
    return MappingProxyType({row[0]: float(row[1]) for row in rows if len(row) > 1})


@cache
def emoji_names() -> Mapping[str, str]:
    """Return the name of each emoji in English words."""
    rows = (line.split("\t") for line in _lines("emoji_utf8_lexicon.txt"))
    return MappingProxyType({row[0]: row[1] for row in rows if len(row) > 1})


def _lines(name: str) -> list[str]:
    place = Path(str(distribution(_PACKAGE).locate_file(f"{_PACKAGE}/{name}")))
    return place.read_text(encoding="utf-8").splitlines()
