"""Recent login attempts, in this process's memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import TypeVar

from opinionlens.storage.login_attempts import Attempts

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_MOST_ADDRESSES = 4_000
_MOST_ACCOUNTS = 4_000
# More of one address or account change no decision.
_MOST_TIMES = 64


class RecentAttempts:
    """Counts of one process's recent login attempts.

    The counts are those of the database, but a refused attempt costs microseconds only. Of addresses and
    accounts the last seen are kept, and of each the last attempts: some 40 MiB at most, however many come.
    For the event loop.
    """

    def __init__(
        self,
        window_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_addresses: int = _MOST_ADDRESSES,
        most_accounts: int = _MOST_ACCOUNTS,
    ) -> None:
        """Know of no attempt.

        Args:
            window_seconds: how long an attempt counts.
            clock: seconds that only grow.
            most_addresses: how many are remembered.
            most_accounts: how many are remembered.
        """
        self._window = window_seconds
        self._clock = clock
        self._most_addresses = most_addresses
        self._most_accounts = most_accounts
        self._addresses: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()
        self._accounts: OrderedDict[int, deque[float]] = OrderedDict()

    def count(self, account: int, address: str) -> Attempts:
        """Count recent attempts, the present one included.

        The present one is not kept.
        """
        since = self._clock() - self._window
        of_account = sum(at > since for at in self._accounts.get(account, ()))
        of_address = [key for at, key in self._addresses.get(address, ()) if at > since]
        return Attempts(of_account + 1, len(of_address) + 1, of_address.count(account) + 1)

    def add(self, account: int, address: str) -> None:
        """Keep an attempt."""
        now = self._clock()
        _last_seen(self._accounts, account, self._most_accounts).append(now)
        _last_seen(self._addresses, address, self._most_addresses).append((now, account))

    def forgive(self, account: int, address: str) -> None:
        """Forget the attempts on an account from an address."""
        times = self._addresses.get(address, deque())
        forgotten = [each for each in times if each[1] == account]
        for each in forgotten:
            times.remove(each)
        of_account = self._accounts.get(account, deque())
        for at, _ in forgotten:
            if at in of_account:
                of_account.remove(at)

    def forget(self) -> None:
        """Forget everything."""
        self._addresses.clear()
        self._accounts.clear()


def _last_seen(known: OrderedDict[K, deque[V]], key: K, most: int) -> deque[V]:
    """Return a key's times, and mark it as last seen.

    A new key takes the place of the one not seen for longest.
    """
    times = known.get(key)
    if times is None:
        times = known[key] = deque(maxlen=_MOST_TIMES)
        if len(known) > most:
            known.popitem(last=False)
    else:
        known.move_to_end(key)
    return times
