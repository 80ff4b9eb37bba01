"""Explanations of database drivers' errors; pure.

The words are for the person that runs the app.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

_LATER = "Try again in a moment."
_BACKUP = "Stop the app, then restore a backup."


@dataclass(frozen=True, slots=True)
class Trouble:
    """The explanation of a failed database call.

    Attributes:
        what: one sentence, without paths and addresses.
        remedy: what to do about it.
        lasts: whether it stays until a person mends it.
    """

    what: str
    remedy: str = _LATER
    lasts: bool = False


SILENT = Trouble("The database does not answer as it should.")
IN_USE = Trouble("All connections to the database are in use.")
GONE = Trouble(
    "The database's file is not there.",
    "Put it back, or restart the app to begin with an empty one.",
    lasts=True,
)
NOT_YET = Trouble("The database's file has not been made yet.")
MOVED = Trouble(
    "The database's file was removed or replaced at this moment; what was just asked may not be stored.",
    "Try again.",
)
INCOMPLETE = Trouble("The database lacks a table or a column that this version needs.", _BACKUP, lasts=True)

_STANDBY = Trouble(
    "The database can be read but not written.",
    "Connect to the primary server, or end its read-only mode.",
    lasts=True,
)

_LOCKED = Trouble("Another process has locked the database.")
_SLOW = Trouble("The database took too long.")
_FULL = Trouble("The disk of the database is full.", "Make room on it.", lasts=True)
_READ_ONLY = Trouble(
    "The database can be read but not written.",
    "Let the app's user write the file, its folder and its file system.",
    lasts=True,
)
_UNREADABLE = Trouble(
    "The database's file cannot be opened.",
    "Let the app's user read and write it and its folder.",
    lasts=True,
)

# By SQLite's primary result codes; the numbers are part of its interface.
_SQLITE = {
    3: _UNREADABLE,  # PERM
    5: _LOCKED,  # BUSY
    6: _LOCKED,  # LOCKED
    8: _READ_ONLY,  # READONLY
    9: _SLOW,  # INTERRUPT
    10: Trouble("The disk of the database fails.", "Look at the disk and the system's log.", lasts=True),
    11: Trouble("The database's file is damaged.", _BACKUP, lasts=True),  # CORRUPT
    13: _FULL,
    14: _UNREADABLE,  # CANTOPEN
    23: _UNREADABLE,  # AUTH
    26: Trouble("The database's file is not an SQLite database.", _BACKUP, lasts=True),  # NOTADB
}
_SQLITE_MISSING = re.compile(r"no such (table|column)|has no column named")

_LOGIN = Trouble(
    "The database refuses the user or the password.",
    "Correct DATABASE__URL, then restart the app.",
    lasts=True,
)
_NO_DATABASE = Trouble(
    "The server has no such database.", "Make it, or correct DATABASE__URL and restart the app.", lasts=True
)
# By PostgreSQL's SQLSTATE, the whole code or its class.
_POSTGRES = {
    "42P01": INCOMPLETE,
    "42703": INCOMPLETE,
    "3F000": INCOMPLETE,  # no schema to look in
    "42501": Trouble(
        "The database's user may not do this.", "Grant it all rights on the tables.", lasts=True
    ),
    "28": _LOGIN,
    "3D": _NO_DATABASE,
    "25006": _STANDBY,
    "53100": _FULL,
    "53300": Trouble("The database takes no more connections."),
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "57014": _SLOW,
    "XX001": Trouble("The database is damaged.", _BACKUP, lasts=True),
    "XX002": Trouble("The database is damaged.", _BACKUP, lasts=True),
}
# A refused connection has no code, only words; a server that speaks another language is taken for an outage.
_POSTGRES_WORDS = (
    (re.compile(r"database \".*\" does not exist"), _NO_DATABASE),
    (re.compile(r"password authentication failed|no password supplied|role \".*\" does not exist"), _LOGIN),
    (
        re.compile(r"no pg_hba\.conf entry|no encryption"),
        Trouble(
            "The database's server refuses connections from here.", "Allow them in pg_hba.conf.", lasts=True
        ),
    ),
    (re.compile(r"did not answer in time|timeout expired"), Trouble("The database does not answer in time.")),
)


def trouble_of(error: BaseException | None) -> Trouble | None:
    """Explain a driver's error; None for a faulty statement."""
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    code = getattr(error, "sqlstate", None)
    if code is not None:
        return _POSTGRES.get(code) or _POSTGRES.get(code[:2]) or _by_class(error)
    if type(error).__name__ in ("OperationalError", "ConnectionTimeout", "InterfaceError"):
        words = str(error)
        return next((trouble for pattern, trouble in _POSTGRES_WORDS if pattern.search(words)), SILENT)
    return _by_class(error)


def driver_words(error: BaseException | None) -> str:
    """Return the first line of a driver's message.

    PostgreSQL repeats the statement in the lines below.
    """
    return str(error).partition("\n")[0][:300]


def _of_sqlite(error: sqlite3.Error) -> Trouble | None:
    if _SQLITE_MISSING.search(str(error)):
        return INCOMPLETE
    if _by_class(error) is None:
        return None
    code = getattr(error, "sqlite_errorcode", 0)  # errors of Python's module itself have none
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return MOVED
    return _SQLITE.get(code & 0xFF, SILENT)


def _by_class(error: BaseException | None) -> Trouble | None:
    """Explain an error by its class only; None for ours.

    By the standard's classes (PEP 249) a wrong statement or value is our own fault.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    return None if names & {"ProgrammingError", "IntegrityError", "DataError"} else SILENT
