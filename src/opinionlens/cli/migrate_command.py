"""`opinionlens migrate`: the tables of the app's database."""

from __future__ import annotations

from opinionlens.accounts.secret_checks import refuse_weak_secrets
from opinionlens.base.settings import load_settings
from opinionlens.cli.app_database import open_database
from opinionlens.cli.telling import tell
from opinionlens.storage.database_urls import parse_url, shown


def run_migrate() -> None:
    """Make or update the tables.

    Secrets are checked, too: what starts before the app says first what the app would refuse.

    Raises:
        SettingsInvalid: a setting is unknown or impossible, or a secret is too weak for this environment.
        StorageUnavailable: the database does not answer.
        SchemaUnsupported: the tables were made by a newer version of OpinionLens.
    """
    settings = load_settings()
    refuse_weak_secrets(settings)
    with open_database():
        where = shown(parse_url(settings.database.url.get_secret_value()))
    tell(f"The tables in {where} are up to date.")
