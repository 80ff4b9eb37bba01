"""A key by which near-identical texts are recognised.

It ignores case, punctuation, markup, addresses and user names.
"""

from __future__ import annotations

import re
import unicodedata

from opinionlens.text.entities import decode
from opinionlens.text.scanning import ADDRESS_CHAR, ADDRESS_END, APOSTROPHES, COMBINING, MARKUP, PICTURE

# Each alternative begins with a plain letter, so that the search skips to these letters; hence the looks
# behind.
_NOISE = re.compile(
    rf"{MARKUP}|h(?<!\wh)ttps?\b(?:://{ADDRESS_CHAR}*{ADDRESS_END})?|w(?<!\ww)ww\.{ADDRESS_CHAR}*{ADDRESS_END}"
    r"|r(?<!\wr)t\s+@\w+|@(?<!\w@)\w+"  # "RT @name:" names the first author
)
_APOSTROPHES = re.compile(f"[{APOSTROPHES}]")
_WORD = re.compile(rf"[^\W_]+(?:[{COMBINING}]+[^\W_]*)*|[{PICTURE}]")


def deduplication_key(text: str) -> str:
    """Return the lower-case words and emoji, separated by single spaces.

    Noise often gives an empty key.
    """
    lowered = unicodedata.normalize("NFKC", decode(text)).lower()
    return " ".join(_WORD.findall(_APOSTROPHES.sub("", _NOISE.sub(" ", lowered))))
