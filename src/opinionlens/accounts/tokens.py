"""Random tokens and keys: making, hashing and comparing them.

They are random enough for a plain SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import secrets

_BYTES = 32
KEY_MARK = "ol_"
_KEY = re.compile(KEY_MARK + r"[A-Za-z0-9_-]{43}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
# Enough to recognise a key by, far too little to guess the rest.
_PREFIX_CHARS = len(KEY_MARK) + 6


def new_token() -> str:
    """Return 32 random bytes as 43 URL-safe characters."""
    return secrets.token_urlsafe(_BYTES)


def new_key() -> str:
    """Return a new API key with its mark.

    By the mark scanners of repositories can find it.
    """
    return KEY_MARK + new_token()


def is_token(given: str) -> bool:
    """Tell whether `given` has the form of `new_token`."""
    return _TOKEN.fullmatch(given) is not None


def is_hash(given: str) -> bool:
    """Tell whether `given` has the form of `hash_token`."""
    return _HASH.fullmatch(given) is not None


def is_key(given: str) -> bool:
    """Tell whether `given` has the form of `new_key`."""
    return _KEY.fullmatch(given) is not None


def shown_prefix(key: str) -> str:
    """Return the first characters of a key, for recognising it."""
    return key[:_PREFIX_CHARS]


def hash_token(token: str) -> str:
    """Return a token's or key's SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time."""
    return secrets.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )
