"""Number of connections that the limit of open files allows."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

try:
    resource: Any = import_module("resource")
except ModuleNotFoundError:  # Windows, where connections are no open files
    resource = None

# For what is no connection: listening sockets, databases, logs, files of models and pages, pipes, libraries.
_RESERVED = 128


def room_for_connections(wanted: int, open_files: int) -> int:
    """Return how many connections leave enough for the rest.

    Args:
        wanted: how many there may be by the settings.
        open_files: how many files the process may hold open in all.
    """
    return min(wanted, max(open_files - _RESERVED, open_files // 2))


def raise_open_files(connections: int) -> int:
    """Let this process open enough files for its connections.

    Its children inherit that; the system may allow fewer.

    Returns:
        How many files may be open from now on.
    """
    if resource is None:
        return connections + _RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted: int = connections + _RESERVED
    if soft == resource.RLIM_INFINITY:
        return wanted
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a limit also where it names none
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return int(soft)
