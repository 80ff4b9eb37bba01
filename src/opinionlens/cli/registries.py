"""Work with the registry, with a login where needed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from opinionlens.base.setting_groups import MlflowSettings
from opinionlens.library.registry_access import open_registry
from opinionlens.registry import Credentials, Registry, RegistryLoginNeeded

T = TypeVar("T")


def with_login(settings: MlflowSettings, work: Callable[[Registry], T]) -> T:
    """Do `work` with the registry, with a login where needed.

    The login is asked for once, and the work is done again.

    Raises:
        RegistryLoginNeeded: standard input is no terminal, or the login was refused.
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
