"""The digest of the rules and lists that read texts."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_SUFFIXES = (".py", ".txt", ".tsv")


@cache
def text_rules_digest() -> str:
    """Return the SHA-256 of the modules and word lists here.

    A model that was fitted with other rules gives other answers with these.
    """
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.rglob("*")):
        if path.suffix in _SUFFIXES:
            # Line ends may differ between checkouts.
            content = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.relative_to(_FOLDER).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()
