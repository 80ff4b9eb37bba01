"""Stored sessions of logged-in users.

The cookie's token arrives here as a SHA-256 hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.errors import RecordNotFound
from opinionlens.storage.tables import sessions, users
from opinionlens.storage.users import Role, role_of


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of a user.

    Attributes:
        user_id: the user's id.
        user_name: their name.
        role: their role at this moment.
        csrf_token: the token that forms of this session must carry; not shown when the value is printed.
        created_at: when the user logged in.
        expires_at: from when on it is good no more.
    """

    user_id: int
    user_name: str
    role: Role
    csrf_token: str = field(repr=False)
    created_at: datetime
    expires_at: datetime


def add(
    database: Database,
    *,
    token_hash: str,
    user_id: int,
    csrf_token: str,
    expires_at: datetime,
    at: datetime | None = None,
) -> None:
    """Store a new session under its token's SHA-256.

    The hash is in hexadecimal.

    Raises:
        RecordNotFound: the user has been removed meanwhile.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    values = {
        "token_hash": token_hash,
        "user_id": user_id,
        "csrf_token": csrf_token,
        "created_at": at or utc_now(),
        "expires_at": expires_at,
    }
    with database.writing() as connection:
        if connection.scalar(select(users.c.id).where(users.c.id == user_id)) is None:
            raise RecordNotFound("The user has been removed.")
        connection.execute(insert(sessions), values)


def find(database: Database, token_hash: str, *, at: datetime | None = None) -> Session | None:
    """Return the session with that token unless it has expired.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = (
        select(sessions, users.c.name.label("user_name"), users.c.role)
        .join(users)
        .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > (at or utc_now()))
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else _from_row(row)


def extend(database: Database, token_hash: str, expires_at: datetime) -> None:
    """Set a session's expiry, unless it has gone.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    statement = update(sessions).where(sessions.c.token_hash == token_hash).values(expires_at=expires_at)
    with database.writing() as connection:
        connection.execute(statement)


def end(database: Database, token_hash: str) -> None:
    """Log a browser out.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    with database.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def delete_expired(database: Database, *, at: datetime | None = None) -> int:
    """Delete sessions that expired before, and return how many.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    return delete_older(database, sessions, sessions.c.expires_at, at or utc_now())


def _from_row(row: Row[Any]) -> Session:
    return Session(
        user_id=row.user_id,
        user_name=row.user_name,
        role=role_of(row.role),
        csrf_token=row.csrf_token,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
