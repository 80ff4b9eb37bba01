"""The app's database, opened for commands.

The app need not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from opinionlens.base.settings import load_settings
from opinionlens.storage import Database, migrate
from opinionlens.storage.migrating import is_current


@contextmanager
def open_database() -> Iterator[Database]:
    """Return the database that the settings name, with its tables.

    Raises:
        SettingsInvalid: a setting is unknown or impossible.
        StorageUnavailable: the database does not answer; the message says where it was looked for.
        SchemaUnsupported: the tables were made by a newer version of OpinionLens.
    """
    url = load_settings().database.url.get_secret_value()
    with closing(Database(url, pool_size=1)) as database:
        if not is_current(database):
            migrate(url)
        yield database
