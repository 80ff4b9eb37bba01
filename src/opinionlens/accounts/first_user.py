"""Creation of the first user.

Without one nobody could log in to add another.
"""

from __future__ import annotations

import secrets

from opinionlens.accounts.passwords import Hasher, argon2, hash_password
from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.storage import Database, users

# Without letters that look alike. Four groups of five: 98 bits, and still to be typed from a terminal.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARS = 4, 5


def ensure_first_user(
    database: Database, settings: SecuritySettings, *, hasher: Hasher | None = None
) -> str | None:
    """Add the settings' user if there are no users.

    Called once by the process that starts the workers, on tables that are there; of several that start at
    once one adds. The returned password is to be shown to the person at the terminal, never logged.

    Returns:
        The password, where one was made up; None where it was given, or where there are users.

    Raises:
        StorageUnavailable: the database does not answer; nothing was stored.
    """
    if users.count(database):  # hashing takes a while, and every start but the first ends here
        return None
    given = settings.admin_password
    password = make_password() if given is None else given.get_secret_value()
    added = users.add_first(database, settings.admin_username, hash_password(hasher or argon2(), password))
    return password if added is not None and given is None else None


def make_password() -> str:
    """Return a random password."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS))
    return "-".join(groups)
