"""Row 3: from start to ready with a cached model, and the memory of every process of the app."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.serving.administering import activate, fetch
from benchmarks.serving.contenders import OURS, forget_state, our_environment
from benchmarks.serving.figures import Spread, markdown_table
from benchmarks.serving.load import run_wrk
from benchmarks.serving.model import load_tweets
from benchmarks.serving.processes import ServerProcess, free_port, serving
from benchmarks.serving.subjects import Subject
from benchmarks.serving.work_folder import LOGS, ROOT

_LOAD_SECONDS = 3
# Long enough for the registry's process to have started and asked, and for it to have ended for want of work.
_STEADY_SECONDS, _IDLE_SECONDS = 15, 240
_STATE = "footprint"
_FOLLOWING, _CHOSEN = "follows the champion", "answers with the version that was activated"


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the app; memory in MiB after some load, when all is calm again."""

    seconds_to_ready: float
    processor_seconds_to_ready: float
    server_pss: float
    server_rss: float
    tree_pss: float
    processes: int
    idle_pss: float
    """Of all processes, once the registry's has ended."""


def measure(rounds: int, subject: Subject) -> dict[str, list[Start]]:
    """Start the app some times: as it comes, and where an administrator has chosen the version.

    As it comes on a laptop, it asks the registry for the champion all the time: through a process of its own,
    which ends while nobody writes to the registry.
    """
    started: dict[str, list[Start]] = {_FOLLOWING: [], _CHOSEN: []}
    for _ in range(rounds):
        for kind, starts in started.items():
            starts.append(_start(kind, subject))
            print(f"{subject.title}, {kind}: {asdict(starts[-1])}", flush=True)
    return started


def _start(kind: str, subject: Subject) -> Start:
    """Measure one start; the version is in the cache, from an earlier one."""
    forget_state(_STATE)
    with _app(subject) as server:
        server.wait_until_ready(OURS.ready)
        if kind == _CHOSEN:
            fetch(server.port, subject.registered, version=1)
            activate(server.port, subject.registered, version=1)
    with _app(subject) as server:
        seconds = server.wait_until_ready(OURS.ready)
        worked = server.processor_seconds()
        run_wrk(server.port, OURS.path, OURS.bodies(load_tweets()), seconds=_LOAD_SECONDS)
        time.sleep(_STEADY_SECONDS)
        memory = server.memory()
        _wait_until_alone(server)
        idle = server.memory()
    own = memory[server.process.pid]
    total, later = (sum(sizes["pss"] for sizes in found.values()) for found in (memory, idle))
    return Start(seconds, worked, own["pss"], own["rss"], total, len(memory), later)


def _wait_until_alone(server: ServerProcess) -> None:
    """Wait until the app is its only process, or for so long that it will not be."""
    deadline = time.monotonic() + _IDLE_SECONDS
    while len(server.pids()) > 1 and time.monotonic() < deadline:
        time.sleep(1)


def _app(subject: Subject) -> AbstractContextManager[ServerProcess]:
    port = free_port()
    command = [str(Path(sys.executable).with_name("opinionlens")), "serve", "--port", str(port)]
    return serving(
        command, port, environment=our_environment(subject, _STATE), folder=ROOT, log=LOGS / "start.log"
    )


def table(started: dict[str, list[Start]]) -> str:
    """Return the row as Markdown."""
    rows = [
        [
            kind,
            Spread.of([start.seconds_to_ready for start in starts]).shown(2),
            Spread.of([start.processor_seconds_to_ready for start in starts]).shown(2),
            Spread.of([start.server_pss for start in starts]).shown(),
            Spread.of([start.tree_pss for start in starts]).shown(),
            Spread.of([float(start.processes) for start in starts]).shown(),
            Spread.of([start.idle_pss for start in starts]).shown(),
        ]
        for kind, starts in started.items()
    ]
    head = [
        "app",
        "start to ready, s",
        "processor time, s",
        "the serving process, MiB",
        "all its processes, MiB",
        "processes",
        "all when idle, MiB",
    ]
    return markdown_table(head, rows)
