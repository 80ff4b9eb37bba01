"""A rate limit for each address, within one process.

Each worker counts for itself, so that with four of them up to four times as much passes: it is there to
stop a flood, not to bill.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from opinionlens.accounts.errors import TooManyRequests

_WINDOW_SECONDS = 60.0
_MOST_ADDRESSES = 10_000


class RateLimit:
    """Sliding windows of the addresses seen last.

    For the event loop.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_addresses: int = _MOST_ADDRESSES,
    ) -> None:
        """Count nothing yet.

        Args:
            per_minute: most requests of one address within any minute.
            clock: seconds that only grow.
            most_addresses: how many are remembered.
        """
        self._per_minute = per_minute
        self._clock = clock
        self._most_addresses = most_addresses
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Count one request of an address, unless refused.

        The address is the one of `addresses.address_of`.

        Raises:
            TooManyRequests: the address has reached the limit within the last minute.
        """
        now = self._clock()
        times = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        if len(self._seen) > self._most_addresses:
            self._seen.popitem(last=False)
        while times and now - times[0] >= _WINDOW_SECONDS:
            times.popleft()
        if len(times) >= self._per_minute:
            seconds = int(_WINDOW_SECONDS - (now - times[0])) + 1
            raise TooManyRequests(
                f"At most {self._per_minute} a minute are taken from one address.",
                seconds=seconds,
                remedy=f"Try again in {seconds} s.",
            )
        times.append(now)
