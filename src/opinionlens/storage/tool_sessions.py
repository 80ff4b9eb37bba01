"""Stored logins at other programs, and their codes.

Tokens and codes arrive here as SHA-256 hashes. Both end with the session of the app that they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Table, delete, insert, select

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import RecordNotFound
from opinionlens.storage.sessions import Session
from opinionlens.storage.tables import sessions, tool_codes, tool_sessions, users
from opinionlens.storage.users import role_of

# Of one session: tabs that are opened at once have one each.
MOST_CODES = 10
MOST_SESSIONS = 5


@dataclass(frozen=True, slots=True)
class ToolCode:
    """A code that has been used up.

    Attributes:
        session_hash: the session of the app that it was made for.
        tool: the program that it was made for.
        state: the SHA-256 of the browser's cookie on that program's host.
    """

    session_hash: str
    tool: str
    state: str


@dataclass(frozen=True, slots=True)
class ToolSession:
    """A login at another program.

    Attributes:
        session_hash: the key of the app's session.
        session: that session, with its user.
    """

    session_hash: str
    session: Session


def add_code(
    database: Database,
    *,
    code_hash: str,
    session_hash: str,
    tool: str,
    state: str,
    expires_at: datetime,
    at: datetime | None = None,
) -> None:
    """Store a code.

    Expired ones go, and of this session the oldest beyond 10.

    Raises:
        RecordNotFound: the session has ended meanwhile.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    values = {
        "code_hash": code_hash,
        "session_hash": session_hash,
        "tool": tool,
        "state": state,
        "expires_at": expires_at,
    }
    with database.writing() as connection:
        _refuse_without_session(connection, session_hash)
        connection.execute(delete(tool_codes).where(tool_codes.c.expires_at <= (at or utc_now())))
        connection.execute(insert(tool_codes), values)
        _keep_newest(connection, tool_codes, session_hash, tool_codes.c.expires_at, MOST_CODES)


def take_code(database: Database, code_hash: str, *, at: datetime | None = None) -> ToolCode | None:
    """Delete a code and return it unless it has expired.

    Of several that ask at once one gets it.

    Raises:
        StorageUnavailable: the database does not answer; the code stays.
    """
    statement = delete(tool_codes).where(tool_codes.c.code_hash == code_hash).returning(tool_codes)
    with database.writing() as connection:
        row = connection.execute(statement).first()
    if row is None or row.expires_at <= (at or utc_now()):
        return None
    return ToolCode(row.session_hash, row.tool, row.state)


def add(
    database: Database, *, token_hash: str, session_hash: str, tool: str, at: datetime | None = None
) -> None:
    """Store a login at a tool.

    Of one session and tool the newest 5 stay.

    Raises:
        RecordNotFound: the session has ended meanwhile.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    values = {
        "token_hash": token_hash,
        "session_hash": session_hash,
        "tool": tool,
        "created_at": at or utc_now(),
    }
    with database.writing() as connection:
        _refuse_without_session(connection, session_hash)
        connection.execute(insert(tool_sessions), values)
        _keep_newest(
            connection, tool_sessions, session_hash, tool_sessions.c.created_at, MOST_SESSIONS, tool=tool
        )


def find(database: Database, token_hash: str, tool: str, *, at: datetime | None = None) -> ToolSession | None:
    """Return a login at a tool unless it has expired.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = (
        select(sessions, users.c.name.label("user_name"), users.c.role)
        .join(tool_sessions, tool_sessions.c.session_hash == sessions.c.token_hash)
        .join(users, users.c.id == sessions.c.user_id)
        .where(
            tool_sessions.c.token_hash == token_hash,
            tool_sessions.c.tool == tool,
            sessions.c.expires_at > (at or utc_now()),
        )
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    session = Session(
        user_id=row.user_id,
        user_name=row.user_name,
        role=role_of(row.role),
        csrf_token=row.csrf_token,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
    return ToolSession(row.token_hash, session)


def _refuse_without_session(connection: Connection, session_hash: str) -> None:
    found = select(sessions.c.token_hash).where(sessions.c.token_hash == session_hash)
    if connection.scalar(found) is None:
        raise RecordNotFound("The session has ended.")


def _keep_newest(
    connection: Connection,
    table: Table,
    session_hash: str,
    moment: Column[datetime],
    most: int,
    *,
    tool: str | None = None,
) -> None:
    (key,) = table.primary_key.columns
    is_of_session = table.c.session_hash == session_hash
    if tool is not None:
        is_of_session &= table.c.tool == tool
    kept = select(key).where(is_of_session).order_by(moment.desc()).limit(most)
    connection.execute(delete(table).where(is_of_session, key.not_in(kept.scalar_subquery())))
