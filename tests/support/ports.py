"""Ports that no other test takes, also where several processes run tests at the same time."""

from __future__ import annotations

import os
import random
import socket
import tempfile
from pathlib import Path

from opinionlens.base.file_locks import lock

# Below the ports that the system gives to outgoing connections and to servers on port 0.
_PORTS = range(15_000, 32_000)
_TRIES = 200


def free_port() -> int:
    """Return a port on which nobody listens; it stays reserved for this process until it ends."""
    user = os.getuid() if hasattr(os, "getuid") else "all"  # Windows has a folder for each
    folder = Path(tempfile.gettempdir()) / f"opinionlens-test-ports-{user}"
    folder.mkdir(exist_ok=True)
    for port in random.sample(_PORTS, _TRIES):
        if _reserve(folder / str(port)) and _is_free(port):
            return port
    raise AssertionError(f"none of {_TRIES} ports is free")


def _reserve(path: Path) -> bool:
    """Lock the file that stands for a port; the lock ends with the process, even a killed one."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)  # never closed here: that would give the lock back
    try:
        lock(descriptor, wait=False)
    except BlockingIOError:
        os.close(descriptor)
        return False
    return True


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
