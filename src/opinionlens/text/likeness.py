"""How much more common a word is in the texts of a domain than in English at large."""

from __future__ import annotations

import math

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.recipe import NEGATED

# Log-ratios beyond this say no more: user names and addresses reach it, for no list of words holds them.
MOST = 8.0
_LEAST_SHARE = 1e-7  # of a word that the list of frequencies lacks
# A text is unlike the domain until enough of its words say otherwise: of a few words nearly all are known to
# any model, and their neighbours to none. So many words of that likeness are added to each text.
SMOOTHING, PRIOR = 6.0, -1.0


def plain_word(token: str) -> str | None:
    """Return the word or placeholder (`<user>`) in a token; None for emoji, marks and numbers."""
    return token.removesuffix(NEGATED) if token[0].isalpha() or token[0] == "<" else None


def likeness(word: str, share: float) -> float:
    """Return the log-ratio of a word's share in the domain to its share in English, cut at `MOST`."""
    ratio = math.log(share / (general_frequency(word) + _LEAST_SHARE))
    return max(-MOST, min(MOST, ratio))


def unseen_likeness(word: str, share: float) -> float | None:
    """Return the likeness of a word that the domain lacks; None where English at large lacks it, too.

    Args:
        word: the word.
        share: what is assumed of a word that was not seen.
    """
    return likeness(word, share) if general_frequency(word) else None
