"""General words in place of addresses and user names.

For tokenizers of other makers, which would cut an address into pieces that mean nothing. The two words are
those of the TweetEval benchmark (Barbieri et al. 2020), on which many published models were trained.
"""

from __future__ import annotations

import re

from opinionlens.text.scanning import ADDRESS, USER

ADDRESS_WORD = "http"
USER_WORD = "@user"

_PERSONAL = re.compile(rf"(?<!\w)(?:({ADDRESS})|{USER})")


def masked(text: str) -> str:
    """Put `http` and `@user` for addresses and user names."""
    return _PERSONAL.sub(lambda match: ADDRESS_WORD if match[1] else USER_WORD, text)
