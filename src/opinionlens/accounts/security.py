"""The collaborators of guards and login, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opinionlens.accounts.browser_sessions import Sessions
from opinionlens.accounts.key_checks import Keys
from opinionlens.accounts.login import Login
from opinionlens.accounts.passwords import Hasher, Passwords, argon2
from opinionlens.accounts.rate_limit import RateLimit
from opinionlens.accounts.throttle import Throttle
from opinionlens.accounts.tools import ToolLogins
from opinionlens.base.setting_groups import SecuritySettings, SiteSettings
from opinionlens.storage.records import Records


@dataclass(frozen=True, slots=True)
class Security:
    """The collaborators of guards and login."""

    predict_needs_key: bool
    keys: Keys
    sessions: Sessions
    login: Login
    feedback_limit: RateLimit
    tools: ToolLogins

    def close(self) -> None:
        """End the threads that check passwords."""
        self.login.passwords.close()


def open_security(
    settings: SecuritySettings,
    records: Records,
    *,
    site: SiteSettings | None = None,
    make_hasher: Callable[[], Hasher] = argon2,
) -> Security:
    """Return the collaborators that the settings describe.

    Nothing is asked of the database yet.

    Args:
        settings: of the app.
        records: where users, sessions, keys and attempts are.
        site: addresses of other programs that share the login; none unless given.
        make_hasher: makes the hasher of passwords; tests pass a quick one.
    """
    key = settings.admin_key
    sessions = Sessions(records, hours=settings.session_hours)
    return Security(
        predict_needs_key=settings.predict_needs_key,
        keys=Keys(records, admin_key=None if key is None else key.get_secret_value()),
        sessions=sessions,
        login=Login(records, Throttle(records), Passwords(make_hasher), sessions),
        feedback_limit=RateLimit(settings.feedback_per_minute),
        tools=ToolLogins(records, site or SiteSettings(), hours=settings.session_hours),
    )
