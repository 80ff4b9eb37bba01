"""Locks on open files, among processes and threads.

The system releases them when their holder dies.

This is the only module that knows how a system locks files. Where there is no `fcntl`, as on Windows, one
byte far behind the end of the file is locked; a shared lock excludes others there, too.
"""

from __future__ import annotations

import errno
import os
import time
from importlib import import_module
from typing import IO, Any

try:
    fcntl: Any = import_module("fcntl")
except ModuleNotFoundError:  # not a POSIX system
    fcntl = None

# On Windows a locked byte cannot be read, so it lies where no file of ours has one.
_BYTE = 2**31 - 2
_RETRY_SECONDS = 0.05
_TAKEN = (errno.EACCES, errno.EDEADLK)


def lock(file: IO[Any] | int, *, shared: bool = False, wait: bool = True) -> None:
    """Hold a lock on a file until it is closed.

    Args:
        file: the file or its descriptor.
        shared: exclude only those that lock it for themselves.
        wait: until others have released it.

    Raises:
        BlockingIOError: it is held by another, and `wait` is False.
        OSError: the file cannot be locked.
    """
    handle = file if isinstance(file, int) else file.fileno()
    if fcntl is not None:
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, mode if wait else mode | fcntl.LOCK_NB)
        return
    while not _locks_byte(handle):
        if not wait:
            raise BlockingIOError(errno.EAGAIN, "The file is locked.")
        time.sleep(_RETRY_SECONDS)


def _locks_byte(handle: int) -> bool:
    """Try to lock the byte as Windows does.

    Returns:
        Whether it worked.
    """
    try:
        msvcrt: Any = import_module("msvcrt")
    except ModuleNotFoundError as error:
        raise OSError(errno.ENOLCK, "This system cannot lock files.") from error
    before = os.lseek(handle, 0, os.SEEK_CUR)
    try:
        os.lseek(handle, _BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    finally:
        os.lseek(handle, before, os.SEEK_SET)
    return True
