"""Locks on files, with `fcntl` and without it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from opinionlens.base import file_locks
from opinionlens.base.file_locks import lock

# No lock is shared there.
IS_WINDOWS = os.name == "nt"

HOLDER = """
import sys
from opinionlens.base.file_locks import lock
with open(sys.argv[1], "rb") as file:
    lock(file, shared=sys.argv[2] == "shared")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_text("content")
    return tmp_path / "file"


@pytest.fixture
def windows(monkeypatch):
    """A system without `fcntl`, whose `msvcrt` locks a byte of a file for one descriptor alone.

    Yields the places that are locked, by descriptor.
    """
    held: dict[int, tuple[int, int]] = {}

    def locking(handle, mode, size):
        assert (mode, size) == (2, 1)
        place = (os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR))
        if place in [other for owner, other in held.items() if owner != handle and is_open(owner)]:
            raise PermissionError(errno.EACCES, "Permission denied")
        held[handle] = place

    monkeypatch.setattr(file_locks, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    return held


def is_open(handle):
    try:
        os.fstat(handle)
    except OSError:
        return False
    return True


def hold(path, how):
    """Hold the lock in another process; it is released when the process is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline().strip() == b"held"
    return process


@pytest.mark.parametrize(
    ("theirs", "ours", "excluded"),
    [("alone", False, True), ("alone", True, True), ("shared", False, True), ("shared", True, IS_WINDOWS)],
)
def test_another_process_excludes_us_until_it_dies(path, theirs, ours, excluded):
    process = hold(path, theirs)
    try:
        with path.open("rb") as file:
            if excluded:
                with pytest.raises(BlockingIOError):
                    lock(file, shared=ours, wait=False)
            else:
                lock(file, shared=ours, wait=False)
    finally:
        process.kill()
        process.communicate(timeout=60)
    with path.open("rb") as file:
        lock(file, shared=ours, wait=False)


def test_closing_the_file_releases_the_lock(path):
    with path.open("rb") as one:
        lock(one)
        with path.open("rb") as other, pytest.raises(BlockingIOError):
            lock(other, wait=False)
    with path.open("rb") as other:
        lock(other, wait=False)


def test_a_descriptor_is_as_good_as_a_file(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        lock(handle)
        with path.open("rb") as other, pytest.raises(BlockingIOError):
            lock(other, wait=False)
    finally:
        os.close(handle)


@pytest.mark.parametrize("shared", [False, True])
def test_without_fcntl_a_byte_behind_the_end_is_locked(path, windows, shared):
    with path.open("r+b") as one, path.open("r+b") as other:
        lock(one, shared=shared)
        assert [place for _, place in windows.values()] == [2**31 - 2]
        with pytest.raises(BlockingIOError):
            lock(other, wait=False)
        assert (one.tell(), other.tell()) == (0, 0)  # reading goes on where it was
        assert other.read() == b"content"
    with path.open("r+b") as other:
        lock(other, wait=False)


def test_without_fcntl_a_lock_is_waited_for(path, windows):
    taken = threading.Event()

    def wait_for_it():
        with path.open("r+b") as file:
            lock(file)
            taken.set()

    with path.open("r+b") as one:
        lock(one)
        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        assert not taken.wait(0.2)
    assert taken.wait(60)
    waiting.join(60)


def test_without_fcntl_another_fault_is_passed_on(path, windows, monkeypatch):
    def broken(handle, mode, size):
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(sys.modules["msvcrt"], "locking", broken)
    with path.open("rb") as file, pytest.raises(OSError, match="Bad file descriptor"):
        lock(file)


def test_without_any_locks_it_is_said(path, monkeypatch):
    monkeypatch.setattr(file_locks, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", None)
    with path.open("rb") as file, pytest.raises(OSError, match="cannot lock files"):
        lock(file)
