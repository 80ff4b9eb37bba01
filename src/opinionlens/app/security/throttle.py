"""How many attempts to log in are taken.

Counted for each pair of account and address, so that a stranger cannot lock the owner out: while an account
is guessed at from everywhere, every address still has a few attempts. What was refused counts as well.
"""

from __future__ import annotations

from datetime import timedelta

from opinionlens.app.records import Records
from opinionlens.app.security.errors import TooManyAttempts
from opinionlens.storage import login_attempts
from opinionlens.storage.columns import utc_now
from opinionlens.storage.login_attempts import Attempts

WINDOW = timedelta(minutes=5)
MOST_OF_PAIR = 6
MOST_OF_ADDRESS = 30  # on any names: somebody tries one password on many accounts
MANY_ON_ACCOUNT = 60  # from anywhere: somebody guesses from many addresses
MOST_OF_PAIR_IN_A_CROWD = 3


def is_too_many(attempts: Attempts) -> bool:
    """Decide whether an attempt, counted in already, is refused before the password is looked at."""
    crowded = attempts.on_account > MANY_ON_ACCOUNT
    most_of_pair = MOST_OF_PAIR_IN_A_CROWD if crowded else MOST_OF_PAIR
    return attempts.from_address_on_account > most_of_pair or attempts.from_address > MOST_OF_ADDRESS


class Throttle:
    """Counts attempts where all workers see them."""

    def __init__(self, records: Records) -> None:
        """Count in the database."""
        self._records = records

    async def enter(self, name: str, address: str) -> None:
        """Record an attempt before the password is looked at.

        Raises:
            TooManyAttempts: there were too many in the last minutes.
            StorageUnavailable: the database does not answer; the password must not be looked at.
        """
        since = utc_now() - WINDOW
        attempts = await self._records.write(login_attempts.record, name, address, since=since)
        if is_too_many(attempts):
            minutes = int(WINDOW.total_seconds()) // 60
            raise TooManyAttempts(
                "Too many attempts to log in.",
                seconds=int(WINDOW.total_seconds()),
                remedy=f"Wait {minutes} minutes, then try again.",
            )

    async def forgive(self, name: str, address: str) -> None:
        """Forget the attempts of this pair: the password was right.

        Raises:
            StorageUnavailable: the database does not answer; they still count.
        """
        await self._records.write(login_attempts.forgive, name, address)
