"""Texts as the lines that fastText reads.

Training and serving write the same line for the same tokens. fastText cuts a line at white space, ends it at
the word `</s>`, and takes words that begin with `__label__` for labels; it reads UTF-8 only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LABEL_PREFIX = "__label__"
_END = "</s>"
# What fastText cuts at (a token of another tokenizer than ours may hold one), and halves of characters.
_CUTS = re.compile(r"[\x00\t\n\v\f\r ]+")
_HALVES = re.compile(r"[\ud800-\udfff]")
_SPECIAL = re.compile(rf"{_CUTS.pattern[:-1]}|{_HALVES.pattern}|{LABEL_PREFIX}|{_END}")
_UNREADABLE = "\ufffd"


def fasttext_line(tokens: Sequence[str]) -> str:
    """Return tokens joined by blanks, without a line's end.

    Words that would end the line or be taken for labels are left out.
    """
    line = " ".join(tokens)
    # A blank is found in every line, so the tokens are looked at without those between them.
    if _SPECIAL.search("".join(tokens)) is None:
        return line
    words = _CUTS.sub(" ", _HALVES.sub(_UNREADABLE, line)).split(" ")
    return " ".join(word for word in words if word and word != _END and not word.startswith(LABEL_PREFIX))


def labelled_line(label: str, line: str) -> str:
    """Return a line of a training file, with its end."""
    return f"{LABEL_PREFIX}{label} {line}\n"
