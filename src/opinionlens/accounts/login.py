"""Login with a name and a password."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from opinionlens.accounts.browser_sessions import NewSession, Sessions
from opinionlens.accounts.errors import LoginNeeded
from opinionlens.accounts.passwords import Passwords
from opinionlens.accounts.throttle import Throttle
from opinionlens.storage import RecordNotFound, users
from opinionlens.storage.records import Records

log = structlog.get_logger("security")


class LoginRefused(LoginNeeded):
    """Name or password is wrong; the message names neither."""

    def __init__(self) -> None:
        """Use the one message for both causes."""
        super().__init__("The name or the password is not right.")


@dataclass(frozen=True, slots=True)
class Login:
    """The login of people, with its collaborators."""

    records: Records
    throttle: Throttle
    passwords: Passwords
    sessions: Sessions

    async def enter(self, name: str, password: str, address: str) -> NewSession:
        """Return a new session.

        Raises:
            LoginRefused: there is no such user, or the password is wrong.
            TooManyAttempts: there were too many attempts in the last minutes, right or wrong.
            ServingBusy: too many log in at this moment.
            StorageUnavailable: the database does not answer.
        """
        self.passwords.refuse_if_busy()  # before anything is written for an attempt that goes nowhere
        await self.throttle.enter(name, address)
        user = await self.records.read(users.find, name)
        verified = await self.passwords.verify(password, user.password_hash if user else None)
        if user is None or not verified.is_right:
            log.warning("login.refused", address=address)  # not the name: people type their password there
            raise LoginRefused
        if verified.new_hash is not None:
            await self.records.write(users.renew_hash, user, verified.new_hash)
        await self.throttle.forgive(name, address)
        try:
            session = await self.sessions.begin(user.id)
        except RecordNotFound:
            raise LoginRefused from None
        log.info("login.done", user=user.name, address=address)
        return session
