"""Preparation before serving: database tables and the first user.

Done by the process that a person or a service manager starts; the workers of `opinionlens serve --workers N`
find it done. If the database does not answer, the app starts without it, and the first user is made as soon
as it answers again.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import closing

import structlog

from opinionlens.accounts.first_user import ensure_first_user
from opinionlens.base.logs import configure_logging
from opinionlens.base.setting_groups import ApiSettings, LogFormat
from opinionlens.base.settings import Settings
from opinionlens.storage.database import Database
from opinionlens.storage.errors import StorageUnavailable
from opinionlens.storage.migrating import is_current, migrate

ShowPassword = Callable[[str, str], None]  # name of the first user, password made up for it

_RETRY_SECONDS = 2.0

log = structlog.get_logger("bootstrap")


def configure_logging_by(api: ApiSettings) -> None:
    """Configure logging from the settings."""
    chosen = api.logging_format
    json = None if chosen is LogFormat.AUTO else chosen is LogFormat.JSON
    configure_logging(api.logging_level, json=json)


def show_password(name: str, password: str) -> None:
    """Print the first user's password on the terminal, once.

    It is never logged and cannot be shown again.
    """
    lines = (
        "The first user has been made. Log in at /login:",
        "",
        f"    name      {name}",
        f"    password  {password}",
        "",
        "It is shown this once. `opinionlens users` can set another.",
    )
    width = max(map(len, lines))
    border = "─" * (width + 2)
    body = "".join(f"│ {line:{width}} │\n" for line in lines)
    sys.stdout.write(f"╭{border}╮\n{body}╰{border}╯\n")
    sys.stdout.flush()


def prepare(settings: Settings, *, show: ShowPassword = show_password) -> None:
    """Create or migrate the tables and add the first user.

    If the database does not answer, a thread adds the user later.

    Raises:
        SchemaUnsupported: the tables were made by a newer version; this one would damage what they hold.
        SettingsInvalid: the database's URL is of no kind that is supported.
    """
    url = settings.database.url.get_secret_value()
    try:
        with closing(Database(url, pool_size=1)) as database:
            if not is_current(database):
                migrate(url)
            _add_first_user(database, settings, show)
    except StorageUnavailable as error:
        log.warning("database.away", reason=str(error), then="The app starts without it and tries again.")
        arguments = (settings, show)
        threading.Thread(target=_add_later, args=arguments, name="first-user", daemon=True).start()


def _add_first_user(database: Database, settings: Settings, show: ShowPassword) -> None:
    password = ensure_first_user(database, settings.security)
    if password is not None:
        show(settings.security.admin_username, password)


def _add_later(settings: Settings, show: ShowPassword) -> None:
    """Add the first user once the tables exist.

    The app's records create the tables; two threads must not do that at once.
    """
    pause = threading.Event()
    with closing(Database(settings.database.url.get_secret_value(), pool_size=1)) as database:
        while not pause.wait(_RETRY_SECONDS):
            try:
                if is_current(database):
                    _add_first_user(database, settings, show)
                    return
            except StorageUnavailable:
                continue
