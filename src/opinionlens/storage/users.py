"""Stored users of the pages.

Passwords arrive here as hashes.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import NameTaken, RecordNotFound
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.tables import sessions, users


class Role(StrEnum):
    """Roles of users, the least first."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A person with a login.

    Attributes:
        id: counted up.
        name: in the form of `normal_name`.
        role: decides about the user's rights.
        password_hash: as the app's hasher wrote it; not shown when the value is printed.
        created_at: when the user was added.
        password_changed_at: when the password was set last.
    """

    id: int
    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime
    password_changed_at: datetime


def normal_name(name: str) -> str:
    """Return the form in which a name is stored.

    All ways to write a name have the same form.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def add(database: Database, name: str, password_hash: str, *, role: Role, at: datetime | None = None) -> User:
    """Add a user.

    Raises:
        NameTaken: there is one of that name.
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    moment = at or utc_now()
    values = {
        "name": normal_name(name),
        "role": role,
        "password_hash": password_hash,
        "created_at": moment,
        "password_changed_at": moment,
    }
    with database.writing() as connection:
        statement = insert_unless_there(connection, users, users.c.name).values(values).returning(users)
        row = connection.execute(statement).first()
    if row is None:
        raise NameTaken(f"There is a user {values['name']} already.", remedy="Choose another name.")
    return _from_row(row)


def add_first(
    database: Database, name: str, password_hash: str, *, at: datetime | None = None
) -> User | None:
    """Add an admin, or return None if any users exist.

    Of several processes with one name only one adds it.

    Raises:
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    if count(database):
        return None
    try:
        return add(database, name, password_hash, role=Role.ADMIN, at=at)
    except NameTaken:
        return None


def find(database: Database, name: str) -> User | None:
    """Return the user of that name, however it is written.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        row = connection.execute(select(users).where(users.c.name == normal_name(name))).first()
    return None if row is None else _from_row(row)


def everybody(database: Database) -> list[User]:
    """Return all users by name.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(select(users).order_by(users.c.name))]


def count(database: Database) -> int:
    """Return how many users there are.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(users)) or 0


def set_password(database: Database, name: str, password_hash: str, *, at: datetime | None = None) -> None:
    """Replace a user's password and end all of their sessions.

    Raises:
        RecordNotFound: there is no such user.
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    values = {"password_hash": password_hash, "password_changed_at": at or utc_now()}
    statement = update(users).where(users.c.name == normal_name(name)).values(values).returning(users.c.id)
    with database.writing() as connection:
        user_id = connection.scalar(statement)
        if user_id is None:
            raise _missing(name)
        connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


def set_role(database: Database, name: str, role: Role) -> None:
    """Give a user another role.

    It counts from their next request on.

    Raises:
        RecordNotFound: there is no such user.
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    statement = update(users).where(users.c.name == normal_name(name)).values(role=role)
    with database.writing() as connection:
        if connection.execute(statement).rowcount == 0:
            raise _missing(name)


def role_of(stored: str) -> Role:
    """Return a stored role.

    One of a newer version counts as the least.
    """
    return Role(stored) if stored in set(Role) else Role.VIEWER


def renew_hash(database: Database, user: User, password_hash: str) -> bool:
    """Store a new hash of an unchanged password.

    Returns whether it was unchanged; sessions go on.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    is_unchanged = (users.c.id == user.id) & (users.c.password_hash == user.password_hash)
    with database.writing() as connection:
        statement = update(users).where(is_unchanged).values(password_hash=password_hash)
        return connection.execute(statement).rowcount == 1


def remove(database: Database, name: str) -> None:
    """Remove a user with all of their sessions.

    Raises:
        RecordNotFound: there is no such user.
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    with database.writing() as connection:
        if connection.execute(delete(users).where(users.c.name == normal_name(name))).rowcount == 0:
            raise _missing(name)


def _missing(name: str) -> RecordNotFound:
    return RecordNotFound(f"There is no user {normal_name(name)}.")


def _from_row(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        role=role_of(row.role),
        password_hash=row.password_hash,
        created_at=row.created_at,
        password_changed_at=row.password_changed_at,
    )
