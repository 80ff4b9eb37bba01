"""Decoding of HTML character references such as `&amp;` and `&#39;`.

The place of each character in the original can be kept.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

from opinionlens.text.aligned import Aligned

REFERENCE = r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_REFERENCE = re.compile(REFERENCE)


def decode(text: str) -> str:
    """Replace the character references in `text`.

    `&` alone and unknown names stay as they are.
    """
    return _REFERENCE.sub(_meaning, text) if "&" in text else text


def decode_aligned(text: str) -> Aligned:
    """Decode like `decode`, with the place of each character."""
    return Aligned.of(text).replaced(_REFERENCE, _meaning)


def _meaning(match: re.Match[str]) -> str:
    reference = match.group()
    known = reference[1] == "#" or reference[1:] in html5
    return html.unescape(reference) if known else reference
