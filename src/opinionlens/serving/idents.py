"""Ids for requests and predictions.

As random as the system's, with a fraction of the calls to it.
"""

from __future__ import annotations

import time
from os import urandom
from uuid import UUID

# A call to the system costs as much as a prediction for a few words; it gives many ids as fast as one.
_IDS_AT_ONCE = 256
_ID_BYTES = 16

# RFC 9562: version and variant stand between the bits of time and of chance.
_VERSION_7, _VARIANT = 0x7 << 76, 0b10 << 62
_CHANCE = (1 << 76) - 1 & ~(0b11 << 62)


class Idents:
    """A source of ids, none of them twice.

    Safe among threads. Not to be carried over a fork, which would repeat them.
    """

    def __init__(self) -> None:
        """Draw nothing yet."""
        self._ready: list[bytes] = []

    def new_hex(self) -> str:
        """Return 32 random hexadecimal digits."""
        return self._next().hex()

    def new_uuid(self) -> UUID:
        """Return a UUID of version 7: time, then chance.

        48 bits of milliseconds, 74 random ones. Rows with such keys go to the end of an index, where random
        ones each go to a page of their own.
        """
        chance = int.from_bytes(self._next()) & _CHANCE
        return UUID(int=time.time_ns() // 1_000_000 << 80 | _VERSION_7 | _VARIANT | chance)

    def _next(self) -> bytes:
        try:
            return self._ready.pop()
        except IndexError:
            drawn = urandom(_IDS_AT_ONCE * _ID_BYTES)
            fresh = [drawn[start : start + _ID_BYTES] for start in range(0, len(drawn), _ID_BYTES)]
            ident = fresh.pop()
            self._ready.extend(fresh)
            return ident
