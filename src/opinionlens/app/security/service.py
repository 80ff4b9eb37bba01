"""All that the guards and the login need, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from opinionlens.app.records import Records
from opinionlens.app.security.keys import Keys
from opinionlens.app.security.sessions import Sessions
from opinionlens.settings import SecuritySettings


@dataclass(frozen=True, slots=True)
class Security:
    """The collaborators of the guards and of the login."""

    predict_needs_key: bool
    keys: Keys
    sessions: Sessions


def open_security(settings: SecuritySettings, records: Records) -> Security:
    """Return what the settings describe; nothing is asked yet."""
    key = settings.admin_key
    return Security(
        predict_needs_key=settings.predict_needs_key,
        keys=Keys(records, admin_key=None if key is None else key.get_secret_value()),
        sessions=Sessions(records, hours=settings.session_hours),
    )
