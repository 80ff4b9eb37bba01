"""Attempts to log in that have not succeeded (yet), for slowing down those who guess."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.tables import login_attempts
from opinionlens.storage.users import normal_name


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many attempts there were, the present one included.

    Attributes:
        on_account: on this name, from anywhere.
        from_address: from this address, on any name.
        from_address_on_account: both.
    """

    on_account: int
    from_address: int
    from_address_on_account: int


def record(
    database: Database, name: str, address: str, *, since: datetime, at: datetime | None = None
) -> Attempts:
    """Record an attempt before the password is looked at, and count those since `since`.

    It counts after it has committed, so that of attempts at the same moment each is counted by the last. The
    name is kept as a hash, for people do type their password there.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    account = _hash(name)
    values = {"created_at": at or utc_now(), "account_hash": account, "address": address}
    with database.writing() as connection:
        connection.execute(insert(login_attempts), values)
    on_account = login_attempts.c.account_hash == account
    from_address = login_attempts.c.address == address
    query = (
        select(_count(on_account), _count(from_address), _count(on_account & from_address))
        .where(on_account | from_address)
        .where(login_attempts.c.created_at >= since)
    )
    with database.reading() as connection:
        return Attempts(*connection.execute(query).one())


def forgive(database: Database, name: str, address: str) -> None:
    """Forget the attempts on a name from an address: the password was right.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    is_both = (login_attempts.c.account_hash == _hash(name)) & (login_attempts.c.address == address)
    with database.writing() as connection:
        connection.execute(delete(login_attempts).where(is_both))


def delete_before(database: Database, before: datetime) -> int:
    """Delete older attempts, and return how many.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    return delete_older(database, login_attempts, login_attempts.c.created_at, before)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _hash(name: str) -> str:
    return hashlib.sha256(normal_name(name).encode("utf-8", "surrogatepass")).hexdigest()
