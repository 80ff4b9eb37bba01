"""Server processes: started in a session of their own, waited for, measured and ended as a whole tree."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

READY_WITHIN = 120.0
ENDED_WITHIN = 20.0


class ServerProcess:
    """A started server and every process that came from it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, started: float) -> None:
        """Remember when it was started, on the clock of `time.perf_counter`."""
        self.process = process
        self.port = port
        self.started = started

    def wait_until_ready(self, path: str) -> float:
        """Return the seconds from the start until `path` answers 200.

        Raises:
            RuntimeError: the server ended, or never answered.
        """
        while time.perf_counter() - self.started < READY_WITHIN:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}; see its log")
            if _answers(self.port, path):
                return time.perf_counter() - self.started
            time.sleep(0.005)
        raise RuntimeError(f"not ready within {READY_WITHIN:.0f} s; see its log")

    def pids(self) -> list[int]:
        """Return the process and its descendants, also those that were handed to init."""
        root = self.process.pid
        parents, sessions = _processes()
        found = {root} | {pid for pid, session in sessions.items() if session == root}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return sorted(found & parents.keys())

    def memory(self) -> dict[int, dict[str, float]]:
        """Return MiB of each process: `rss`, and `pss`, which counts a page shared by n processes 1/n."""
        return {pid: sizes for pid in self.pids() if (sizes := _memory_of(pid))}

    def processor_seconds(self) -> float:
        """Return how long processors have worked for the tree; unlike a rate, neighbours hardly change it."""
        return sum(map(_processor_seconds_of, self.pids()))

    def stop(self) -> None:
        """End the tree: politely, then for certain."""
        pids = self.pids()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + ENDED_WITHIN
        while time.monotonic() < deadline and any(map(_lives, pids)):
            self.process.poll()
            time.sleep(0.05)
            if self.process.returncode is not None and time.monotonic() > deadline - ENDED_WITHIN + 3:
                break  # what outlives its parent for so long was left behind by it
        for pid in {*pids, *self.pids()}:
            if _lives(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(
    command: Sequence[str], port: int, *, environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator[ServerProcess]:
    """Run a server while the block runs."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            env={**without_recompiling(os.environ), **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        server = ServerProcess(process, port, started)
        try:
            yield server
        finally:
            server.stop()


def without_recompiling(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server as users start it.

    With this variable each start would compile all modules that have no bytecode yet, again and again.
    """
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _answers(port: int, path: str) -> bool:
    """Ask without an HTTP client, whose own start would be measured too."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(request)
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def _processes() -> tuple[dict[int, int], dict[int, int]]:
    """Return parent and session of every process."""
    parents, sessions = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        fields = _stat_of(int(path.name))
        if fields and fields[0] != "Z":
            parents[int(path.name)], sessions[int(path.name)] = int(fields[1]), int(fields[3])
    return parents, sessions


def _memory_of(pid: int) -> dict[str, float]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    sizes = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines)}
    return {"rss": sizes["Rss"], "pss": sizes["Pss"]}


def _processor_seconds_of(pid: int) -> float:
    fields = _stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _stat_of(pid: int) -> list[str]:
    """Return the fields behind the name, which may hold spaces and brackets itself; none if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _lives(pid: int) -> bool:
    return _stat_of(pid)[:1] not in ([], ["Z"])
