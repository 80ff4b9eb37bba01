"""How typical a word is of a domain.

Its share among the domain's words is compared with its share in English.
"""

from __future__ import annotations

import math

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.recipe import NEGATED

# Log-ratios beyond this add no information: user names and addresses reach it, for no list of words has them.
MOST = 8.0
_LEAST_SHARE = 1e-7  # of a word that the list of frequencies lacks
# A short text tells little: any model knows nearly all of a few common words. So `SMOOTHING` words with the
# likeness `PRIOR` (unlike the domain) are added to each text.
SMOOTHING, PRIOR = 6.0, -1.0


def plain_word(token: str) -> str | None:
    """Return the word or placeholder (`<user>`) in a token.

    None for emoji, marks and numbers.
    """
    return token.removesuffix(NEGATED) if token[0].isalpha() or token[0] == "<" else None


def likeness(word: str, share: float) -> float:
    """Return the log-ratio of a word's domain and English shares.

    It is cut at `MOST` on both sides.
    """
    ratio = math.log(share / (general_frequency(word) + _LEAST_SHARE))
    return max(-MOST, min(MOST, ratio))


def unseen_likeness(word: str, share: float) -> float | None:
    """Return the likeness of a word missing from the domain.

    None if general English lacks the word, too.

    Args:
        word: the word.
        share: the share that is assumed for an unseen word.
    """
    return likeness(word, share) if general_frequency(word) else None
