"""Sessions of browsers.

The cookie holds a random token, the database its hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from opinionlens.accounts.principals import Visitor, user
from opinionlens.accounts.tokens import hash_token, is_token, new_token
from opinionlens.storage import sessions
from opinionlens.storage.columns import utc_now
from opinionlens.storage.records import Records
from opinionlens.storage.sessions import Session

# A stolen cookie is not kept alive for ever by using it.
_LONGEST = timedelta(days=7)
# Every use moves the end; it is written down when that is worth it, not with every request.
_WORTH_WRITING = 0.1


@dataclass(frozen=True, slots=True)
class NewSession:
    """The session token and form token of a new login."""

    token: str = field(repr=False)
    csrf_token: str = field(repr=False)


class Sessions:
    """The sessions of all browsers."""

    def __init__(self, records: Records, *, hours: float) -> None:
        """Let sessions end after `hours` without use."""
        self._records = records
        self._idle = timedelta(hours=hours)

    async def begin(self, user_id: int) -> NewSession:
        """Return a new session of a user.

        Raises:
            RecordNotFound: the user has been removed meanwhile.
            StorageUnavailable: the database does not answer; there is no session.
        """
        new = NewSession(new_token(), new_token())
        await self._records.write(
            sessions.add,
            token_hash=hash_token(new.token),
            user_id=user_id,
            csrf_token=new.csrf_token,
            expires_at=utc_now() + self._idle,
        )
        return new

    async def visitor(self, token: str) -> Visitor | None:
        """Return the session's user, and extend the session.

        The extension is best effort.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        if not is_token(token):
            return None
        token_hash, now = hash_token(token), utc_now()
        session = await self._records.read(sessions.find, token_hash, at=now)
        if session is None:
            return None
        later = later_end(session, now, self._idle)
        if later is not None:  # not waited for: a page must not wait for a writer that holds the database
            self._records.write_later(sessions.extend, token_hash, later)
        return Visitor(user(session.user_name, session.role), session.csrf_token)

    async def end(self, token: str) -> None:
        """Log a browser out.

        Raises:
            StorageUnavailable: the database does not answer; the session goes on.
        """
        await self._records.write(sessions.end, hash_token(token))


def later_end(session: Session, now: datetime, idle: timedelta) -> datetime | None:
    """Return the later end of a session used now.

    None where its end stays as it is.
    """
    end = min(now + idle, session.created_at + _LONGEST)
    return end if end - session.expires_at > idle * _WORTH_WRITING else None
