"""Checks of secrets in the settings of a server.

A test stage or a production site must not start with a secret that is easily guessed. Only commands
that answer requests check; `dvc repro` on a laptop is not stopped by the password of a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from opinionlens.accounts.weakness import weakness_of
from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.setting_groups import Environment
from opinionlens.base.settings import Settings, place_of
from opinionlens.storage.database_urls import login_of

LEAST_KEY_CHARS = 32
# Others made these, by rules of their own.
_LEAST_CHARS_OF_OTHERS = 8
_LEAST_DIFFERENT = 8
_MAKE_KEY = "Make one with `openssl rand -hex 32`."
_MAKE_PASSWORD = "Make one with `openssl rand -base64 18`."  # noqa: S105 - a piece of advice


@dataclass(frozen=True, slots=True)
class _Fault:
    setting: str
    what: str
    remedy: str


def refuse_weak_secrets(settings: Settings) -> None:
    """Raise if a secret is too weak for this environment.

    On a laptop (`ENV=local`) every secret will do.

    Raises:
        SettingsInvalid: a secret is missing where one is needed, comes with a product, or is too short; or,
            in production, the app would answer to any name or believe any proxy. The value is not part of the
            message.
    """
    if settings.env is Environment.LOCAL:
        return
    fault = next(_faults(settings), None)
    if fault is not None:
        raise SettingsInvalid(
            f"{fault.setting} {fault.what}; ENV={settings.env} does not start with that.",
            where=place_of(fault.setting),
            remedy=fault.remedy,
        )


def _faults(settings: Settings) -> Iterator[_Fault]:
    security = settings.security
    if security.admin_password is not None:
        weakness = weakness_of(security.admin_password.get_secret_value(), security.admin_username)
        if weakness:
            advice = f"{_MAKE_PASSWORD} Or leave it empty: one is made up at the first start."
            yield _Fault("SECURITY__ADMIN_PASSWORD", weakness, advice)
    if security.admin_key is not None and _is_weak_key(security.admin_key):
        yield _Fault(
            "SECURITY__ADMIN_KEY",
            f"must have at least {LEAST_KEY_CHARS} characters, and not the same few again and again",
            f"{_MAKE_KEY} Or leave it empty: `opinionlens keys create` makes keys that can be revoked.",
        )
    yield from _faults_of_database(settings)
    if settings.mlflow.remote_username and _is_weak_password(settings.mlflow.remote_password):
        yield _Fault(
            settings.mlflow.name_of("remote_password"),
            "is empty, short, or one of those that everybody tries first",
            f"Set the password of the registry's user {settings.mlflow.name_of('remote_username')}.",
        )
    if settings.env is Environment.PROD and "*" in security.host_patterns:
        # A site knows its names; probes by address are let through anyway.
        yield _Fault(
            "SECURITY__TRUSTED_HOSTS",
            "lets anybody give this site any name",
            "List its names, with commas, for example `opinionlens.example.com,localhost`.",
        )
    if settings.env is Environment.PROD and security.trusts_any_proxy:
        yield _Fault(
            "SECURITY__TRUSTED_PROXIES",
            "lets anybody choose the address that limits count by",
            "List the addresses of the proxies, with commas, for example `10.0.0.2,172.16.0.0/12`.",
        )


def _faults_of_database(settings: Settings) -> Iterator[_Fault]:
    login = login_of(settings.database.url.get_secret_value())
    if login is None:  # a file: its readers are up to the file system
        return
    if login.password is None and login.is_local:  # the operating system knows the user
        return
    password = None if login.password is None else SecretStr(login.password)
    if _is_weak_password(password, names=(login.user, login.database)):
        yield _Fault(
            "DATABASE__URL",
            "has no password, a short one, or one that everybody tries first",
            f"{_MAKE_PASSWORD} Give it to the database's user, too.",
        )


def _is_weak_password(password: SecretStr | None, *, names: tuple[str, ...] = ("",)) -> bool:
    if password is None:
        return True
    value = password.get_secret_value()
    return any(weakness_of(value, name, least_chars=_LEAST_CHARS_OF_OTHERS) for name in names)


def _is_weak_key(key: SecretStr) -> bool:
    value = key.get_secret_value()
    return len(value) < LEAST_KEY_CHARS or len(set(value)) < _LEAST_DIFFERENT
