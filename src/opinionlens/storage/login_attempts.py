"""Failed and pending login attempts.

They are counted to slow down guessing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, text

from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.deleting import delete_older
from opinionlens.storage.tables import login_attempts
from opinionlens.storage.users import normal_name

# More than this changes no decision.
_MOST_COUNTED = 100
_MOST_KEPT = 20_000
_DELETED_AT_ONCE = 100
# Any number that nothing else takes in the same database: the next seven digits of sha256("opinionlens").
_LOCK_NUMBER = 0x0912550


@dataclass(frozen=True, slots=True)
class Attempts:
    """Numbers of attempts, the present one included.

    Attributes:
        on_account: on this name, from anywhere.
        from_address: from this address, on any name.
        from_address_on_account: both.
    """

    on_account: int
    from_address: int
    from_address_on_account: int


def record(
    database: Database,
    name: str,
    address: str,
    *,
    since: datetime,
    refuses: Callable[[Attempts], bool] = lambda attempts: False,
    at: datetime | None = None,
) -> Attempts:
    """Count recent attempts and keep this one unless refused.

    Attempts are counted and kept one after the other, whichever process takes them, so that of those at the
    same moment each sees the earlier ones. Each kind is counted to 100. The name is kept as a hash, for
    people do type their password there. Of all rows the last 20,000 stay.

    Args:
        database: where attempts are kept.
        name: as it was typed.
        address: where the attempt comes from.
        since: from when on attempts count; earlier ones go.
        refuses: decides by the counts whether the attempt is refused.
        at: when; now unless given.

    Raises:
        StorageUnavailable: the database does not answer; nothing was kept.
    """
    account, moment = account_hash(name), at or utc_now()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
        attempts = _counted(connection, account, address, since)
        if not refuses(attempts):
            values = {"created_at": moment, "account_hash": account, "address": address}
            statement = insert(login_attempts).values(values).returning(login_attempts.c.id)
            _delete_old(connection, since, connection.execute(statement).scalar_one())
    return attempts


def _counted(connection: Connection, account: str, address: str, since: datetime) -> Attempts:
    """Count recent attempts by index, up to the limit."""
    is_recent = login_attempts.c.created_at >= since
    of_address = (
        select(login_attempts.c.account_hash)
        .where(login_attempts.c.address == address, is_recent)
        .limit(_MOST_COUNTED)
    )
    accounts = list(connection.scalars(of_address))
    of_account = (
        select(login_attempts.c.id)
        .where(login_attempts.c.account_hash == account, is_recent)
        .limit(_MOST_COUNTED)
    )
    on_account = connection.scalar(select(func.count()).select_from(of_account.subquery())) or 0
    return Attempts(on_account + 1, len(accounts) + 1, accounts.count(account) + 1)


def _delete_old(connection: Connection, before: datetime, newest: int) -> None:
    """Delete more rows than are added, to bound them."""
    too_old = (
        select(login_attempts.c.id)
        .where(login_attempts.c.created_at < before)
        .order_by(login_attempts.c.created_at)
        .limit(_DELETED_AT_ONCE)
    )
    connection.execute(delete(login_attempts).where(login_attempts.c.id.in_(too_old.scalar_subquery())))
    connection.execute(delete(login_attempts).where(login_attempts.c.id <= newest - _MOST_KEPT))


def forgive(database: Database, name: str, address: str) -> None:
    """Forget the attempts on a name from an address.

    Called when the password was right.

    Raises:
        StorageUnavailable: the database does not answer; nothing was changed.
    """
    is_both = (login_attempts.c.account_hash == account_hash(name)) & (login_attempts.c.address == address)
    with database.writing() as connection:
        connection.execute(delete(login_attempts).where(is_both))


def delete_before(database: Database, before: datetime) -> int:
    """Delete older attempts, and return how many.

    Raises:
        StorageUnavailable: the database does not answer; the next call goes on.
    """
    return delete_older(database, login_attempts, login_attempts.c.created_at, before)


def account_hash(name: str) -> str:
    """Return the SHA-256 of a name's normal form."""
    return hashlib.sha256(normal_name(name).encode("utf-8", "surrogatepass")).hexdigest()
