"""Writing systems of a text, and word counts without spaces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

# Members of a character class by script: the letters in which most is written today.
SCRIPTS = {
    "latin": "A-Za-z\u00aa\u00ba\u00c0-\u02ff\u1d00-\u1dbf\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "armenian": "\u0530-\u058f",
    "hebrew": "\u0590-\u05ff\ufb1d-\ufb4f",
    "arabic": "\u0600-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufeff",
    "indic": "\u0900-\u0dff\ua8e0-\ua8ff",
    "southeast_asian": "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1a20-\u1aaf",
    "georgian": "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f",
    "ethiopic": "\u1200-\u139f\u2d80-\u2ddf",
    "hangul": "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff",
    "kana": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "han": "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
}
OTHER = "other"
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(f"[{SCRIPTS['southeast_asian']}{SCRIPTS['kana']}{SCRIPTS['han']}]")
_SCRIPT = re.compile("|".join(f"(?P<{name}>[{members}])" for name, members in SCRIPTS.items()))
# Of all letters; fewer are names and strays.
_LEAST_SHARE = 0.01


def has_unspaced(text: str) -> bool:
    """Return whether `text` has signs of a script without spaces."""
    return _UNSPACED.search(text) is not None


def words_in(token: str) -> int:
    """Return the number of words in a token.

    It is one, or one for each sign of a script without spaces.
    """
    return max(1, len(_UNSPACED.findall(token)))


class Letters:
    """The set of letters of known scripts."""

    def __init__(self, scripts: Collection[str]) -> None:
        """Take the names of scripts; unknown names are ignored."""
        members = "".join(SCRIPTS[name] for name in scripts if name in SCRIPTS)
        self._known = re.compile(f"[{members}]+" if members else r"(?!)")

    def mostly_unknown(self, text: str) -> bool:
        """Return whether over half of the letters have other scripts."""
        others = self._known.sub("", text)
        return len(_LETTER.findall(others)) > len(text) - len(others)


def scripts_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted scripts with at least 1% of letters."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(map(_script_of, _LETTER.findall(text)))
    total = found.total()
    return tuple(sorted(name for name, n in found.items() if n >= _LEAST_SHARE * total and name != OTHER))


def _script_of(letter: str) -> str:
    match = _SCRIPT.match(letter)
    return match.lastgroup or OTHER if match else OTHER
