"""Opening the registry that the settings name, and asking for a password where it wants one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from opinionlens.registry import Credentials, Limits, ProcessRegistry, Registry, RegistryLoginNeeded
from opinionlens.settings import MlflowSettings

T = TypeVar("T")

# A person waits for a command, and may do so on a busy laptop; the app has requests to answer instead.
_PATIENT = Limits(start=180, call=120)


def open_registry(settings: MlflowSettings, credentials: Credentials | None = None) -> ProcessRegistry:
    """The registry in a child process; close it, or use it as a context."""
    return ProcessRegistry(
        settings.registry_uri,
        credentials=credentials or _configured(settings),
        experiment=settings.remote_experiment_name,
        limits=_PATIENT,
    )


def with_login(settings: MlflowSettings, work: Callable[[Registry], T]) -> T:
    """Do `work` with the registry; when it asks for a login, ask the person once and do it again.

    Raises:
        RegistryLoginNeeded: nobody is there to ask, or the answer was refused.
    """
    try:
        with open_registry(settings) as registry:
            return work(registry)
    except RegistryLoginNeeded:
        if not sys.stdin.isatty():
            raise
    username = typer.prompt("User name of the registry", default=settings.remote_username, err=True)
    password = typer.prompt("Password", hide_input=True, err=True)
    with open_registry(settings, Credentials(username, password)) as registry:
        return work(registry)


def _configured(settings: MlflowSettings) -> Credentials | None:
    if settings.remote_username is None or settings.remote_password is None:
        return None
    return Credentials(settings.remote_username, settings.remote_password.get_secret_value())
