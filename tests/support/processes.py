"""Looking at processes through /proc: children, groups, commands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A live process, as /proc describes it."""

    pid: int
    parent: int
    group: int


def live_processes() -> list[Process]:
    """Return every process that has not ended."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                state, parent, group = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:3]
                if state != "Z":
                    found.append(Process(int(entry.name), int(parent), int(group)))
    return found


def is_alive(pid: int) -> bool:
    """Return whether the process has not ended."""
    return any(one.pid == pid for one in live_processes())


def children_of(parent: int) -> set[int]:
    """Return the live processes that `parent` started itself."""
    return {one.pid for one in live_processes() if one.parent == parent}


def descendants_of(ancestor: int) -> set[int]:
    """Return the live processes below `ancestor`, which is not among them."""
    processes = live_processes()
    found: set[int] = set()
    frontier = {ancestor}
    while frontier:
        frontier = {one.pid for one in processes if one.parent in frontier} - found
        found |= frontier
    return found


def group_of(leader: int) -> set[int]:
    """Return every live process of a process group."""
    return {one.pid for one in live_processes() if one.group == leader}


def command_of(pid: int) -> str:
    """Return the command of a process, empty where it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def workers_of(parent: int) -> set[int]:
    """Return the processes of a server that answer: children that multiprocessing has spawned."""
    return {pid for pid in children_of(parent) if "spawn_main" in command_of(pid)}
