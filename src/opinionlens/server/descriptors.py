"""How many connections a process may hold open, as far as the system lets it open files."""

from __future__ import annotations

import resource

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
    """Let this process and its children open enough files for so many connections, as far as they may.

    Returns:
        How many files may be open from now on.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _RESERVED
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return connections + _RESERVED if soft == resource.RLIM_INFINITY else soft
