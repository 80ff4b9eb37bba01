"""Work with the registry, asking for a password where it wants one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from opinionlens.base.settings import MlflowSettings
from opinionlens.library.registry_access import open_registry
from opinionlens.registry import Credentials, Registry, RegistryLoginNeeded

T = TypeVar("T")


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
