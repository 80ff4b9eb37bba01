"""Secrets that we make: random enough that a plain SHA-256 keeps them, and compared in constant time."""

from __future__ import annotations

import hashlib
import re
import secrets

_BYTES = 32
KEY_MARK = "ol_"
_KEY = re.compile(KEY_MARK + r"[A-Za-z0-9_-]{43}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
# Enough to recognise a key by, far too little to guess the rest.
_PREFIX_CHARS = len(KEY_MARK) + 6


def new_token() -> str:
    """Return 32 random bytes as 43 characters that may stand anywhere."""
    return secrets.token_urlsafe(_BYTES)


def new_key() -> str:
    """Return a new API key, marked so that scanners of repositories can find it."""
    return KEY_MARK + new_token()


def is_token(given: str) -> bool:
    """Tell whether `given` has the form of `new_token`."""
    return _TOKEN.fullmatch(given) is not None


def is_key(given: str) -> bool:
    """Tell whether `given` has the form of `new_key`."""
    return _KEY.fullmatch(given) is not None


def shown_prefix(key: str) -> str:
    """Return the beginning of a key, to recognise it by."""
    return key[:_PREFIX_CHARS]


def hash_token(token: str) -> str:
    """Return what is stored of a token or key: SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    return secrets.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )
