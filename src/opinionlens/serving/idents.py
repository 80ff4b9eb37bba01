"""Random ids for requests and predictions.

As random as the system's, with a fraction of the calls to it.
"""

from __future__ import annotations

from os import urandom
from uuid import UUID

# A call to the system costs as much as a prediction for a few words; it gives many ids as fast as one.
_IDS_AT_ONCE = 256
_ID_BYTES = 16


class Idents:
    """A source of random ids; safe among threads.

    Not to be carried over a fork, which would repeat them.
    """

    def __init__(self) -> None:
        """Draw nothing yet."""
        self._ready: list[bytes] = []

    def new_hex(self) -> str:
        """Return 32 hexadecimal digits."""
        return self._next().hex()

    def new_uuid(self) -> UUID:
        """Return a random UUID (version 4)."""
        return UUID(bytes=self._next(), version=4)

    def _next(self) -> bytes:
        try:
            return self._ready.pop()
        except IndexError:
            drawn = urandom(_IDS_AT_ONCE * _ID_BYTES)
            fresh = [drawn[start : start + _ID_BYTES] for start in range(0, len(drawn), _ID_BYTES)]
            ident = fresh.pop()
            self._ready.extend(fresh)
            return ident
