"""Stored API keys and their scopes.

Keys arrive here as SHA-256 hashes.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import RecordNotFound
from opinionlens.storage.paging import MAX_ROW_NUMBER
from opinionlens.storage.tables import api_keys

# A key used a thousand times a second is written down once a minute.
_USE_RECORDED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """Permissions of an API key."""

    PREDICT = "predict"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without the key.

    Attributes:
        id: counted up.
        prefix: the first characters of the key, to recognise it by.
        name: its purpose.
        scopes: its permissions.
        created_at: when it was made.
        created_by: the name of its maker.
        last_used_at: when it was used last, to the minute.
        revoked_at: when it was revoked; None while it is good.
    """

    id: int
    prefix: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None


def add(
    database: Database,
    *,
    key_hash: str,
    prefix: str,
    name: str,
    scopes: Set[Scope],
    by: str,
    at: datetime | None = None,
) -> ApiKey:
    """Store a new key by its SHA-256 in hexadecimal.

    Raises:
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    values = {
        "key_hash": key_hash,
        "prefix": prefix,
        "name": name,
        "scopes": " ".join(sorted(scopes)),
        "created_at": at or utc_now(),
        "created_by": by,
    }
    with database.writing() as connection:
        return _from_row(connection.execute(insert(api_keys).values(values).returning(api_keys)).one())


def find_good(database: Database, key_hash: str) -> ApiKey | None:
    """Return the unrevoked key with that hash, or None.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    query = select(api_keys).where(api_keys.c.key_hash == key_hash, api_keys.c.revoked_at.is_(None))
    with database.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else _from_row(row)


def every_key(database: Database) -> list[ApiKey]:
    """Return all keys, revoked ones too, the last made first.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    with database.reading() as connection:
        return [_from_row(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.id.desc()))]


def mark_used(database: Database, key: ApiKey, *, at: datetime | None = None) -> bool:
    """Record a key's use, at most once a minute.

    Returns whether a new time was stored.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    moment = at or utc_now()
    if key.last_used_at is not None and moment - key.last_used_at < _USE_RECORDED_EVERY:
        return False
    with database.writing() as connection:
        connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(last_used_at=moment))
    return True


def revoke(database: Database, key_id: int, *, at: datetime | None = None) -> ApiKey:
    """Revoke a key for good.

    A key that is revoked already keeps its time.

    Raises:
        RecordNotFound: there is no such key.
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    is_it = api_keys.c.id == max(0, min(key_id, MAX_ROW_NUMBER))
    with database.writing() as connection:
        connection.execute(
            update(api_keys).where(is_it, api_keys.c.revoked_at.is_(None)).values(revoked_at=at or utc_now())
        )
        row = connection.execute(select(api_keys).where(is_it)).first()
    if row is None:
        raise RecordNotFound(f"There is no key {key_id}.")
    return _from_row(row)


def _from_row(row: Row[Any]) -> ApiKey:
    known = {scope.value: scope for scope in Scope}
    return ApiKey(
        id=row.id,
        prefix=row.prefix,
        name=row.name,
        # A scope that a newer version knows grants nothing here.
        scopes=frozenset(known[scope] for scope in row.scopes.split() if scope in known),
        created_at=row.created_at,
        created_by=row.created_by,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
