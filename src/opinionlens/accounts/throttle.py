"""A limit on login attempts.

Counted for each pair of account and address, so that nobody else can lock the owner out: while an account
is guessed at from everywhere, every address still has a few attempts. Refused attempts are not kept, so that
a flood fills no table; it is counted in the memory of this process first, then among all workers.
"""

from __future__ import annotations

from datetime import timedelta

from opinionlens.accounts.errors import TooManyAttempts
from opinionlens.accounts.recent_attempts import RecentAttempts
from opinionlens.storage import StorageUnavailable, login_attempts
from opinionlens.storage.columns import utc_now
from opinionlens.storage.login_attempts import Attempts, account_hash
from opinionlens.storage.records import Records

WINDOW = timedelta(minutes=5)
MOST_OF_PAIR = 6
MOST_OF_ADDRESS = 30  # on any names: an attack with one password on many accounts
MANY_ON_ACCOUNT = 60  # from anywhere: an attack from many addresses
MOST_OF_PAIR_IN_A_CROWD = 3


def is_too_many(attempts: Attempts) -> bool:
    """Decide whether to refuse an attempt without password check.

    The attempt itself is counted already.
    """
    crowded = attempts.on_account > MANY_ON_ACCOUNT
    most_of_pair = MOST_OF_PAIR_IN_A_CROWD if crowded else MOST_OF_PAIR
    return attempts.from_address_on_account > most_of_pair or attempts.from_address > MOST_OF_ADDRESS


class Throttle:
    """The limit on login attempts.

    Counted in this process, and in the database for all workers.
    """

    def __init__(self, records: Records) -> None:
        """Know of no attempts yet."""
        self._records = records
        self.recent = RecentAttempts(WINDOW.total_seconds())

    async def enter(self, name: str, address: str) -> None:
        """Record an attempt before the password is checked.

        Raises:
            TooManyAttempts: there were too many in the last minutes.
            StorageUnavailable: the database does not answer; the password must not be checked.
        """
        account = _account_number(name)
        if is_too_many(self.recent.count(account, address)):
            raise _too_many()
        self.recent.add(account, address)
        try:
            attempts = await self._records.write(
                login_attempts.record, name, address, since=utc_now() - WINDOW, refuses=is_too_many
            )
        except StorageUnavailable:  # no password was tried, and the next attempt is not to blame
            self.recent.forgive(account, address)
            raise
        if is_too_many(attempts):
            raise _too_many()

    async def forgive(self, name: str, address: str) -> None:
        """Forget the attempts of this pair: the password was right.

        Raises:
            StorageUnavailable: the database does not answer; they still count there.
        """
        self.recent.forgive(_account_number(name), address)
        await self._records.write(login_attempts.forgive, name, address)


def _account_number(name: str) -> int:
    return int(account_hash(name)[:16], 16)


def _too_many() -> TooManyAttempts:
    seconds = int(WINDOW.total_seconds())
    return TooManyAttempts(
        "Too many attempts to log in.",
        seconds=seconds,
        remedy=f"Wait {seconds // 60} minutes, then try again.",
    )
