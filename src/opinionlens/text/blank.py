"""The one definition of an empty text.

A text is empty if no character of it can be seen. The page uses the same definition.
"""

from __future__ import annotations

import re

# Members of a character class that Python, polars and (with `\u{…}` for `\U000…`) JavaScript read alike:
# white space, control and format characters, fillers that count as letters, variation selectors, tags.
UNSEEN = (
    r"\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
SEEN = f"[^{UNSEEN}]"
_SEEN = re.compile(SEEN)


def is_blank(text: str) -> bool:
    """Return whether `text` has no visible character."""
    return _SEEN.search(text) is None
