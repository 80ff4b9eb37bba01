"""Row 3: from start to ready with a cached model, and the memory of every process of the app."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.serving.contenders import OURS, our_environment
from benchmarks.serving.figures import Spread, markdown_table
from benchmarks.serving.load import run_wrk
from benchmarks.serving.model import load_tweets
from benchmarks.serving.processes import free_port, serving
from benchmarks.serving.work_folder import LOGS, ROOT

_LOAD_SECONDS = 3
# Long enough for the registry's process to have started and asked.
_STEADY_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the app; memory in MiB after some load, when all is calm again."""

    seconds_to_ready: float
    server_pss: float
    server_rss: float
    tree_pss: float
    processes: int


def measure(rounds: int) -> dict[str, list[Start]]:
    """Start the app some times, as on a laptop and as on a server."""
    started: dict[str, list[Start]] = {"ENV=local": [], "registry out of reach": []}
    for _ in range(rounds):
        for kind, starts in started.items():
            start = _start(reachable=kind == "ENV=local")
            starts.append(start)
            print(f"{kind}: {asdict(start)}", flush=True)
    return started


def _start(*, reachable: bool) -> Start:
    environment = our_environment()
    if not reachable:
        # Nothing listens there; the cached version answers, and the process that asks has given up.
        environment |= {"MLFLOW__REMOTE_TRACKING_URI": f"http://127.0.0.1:{free_port()}"}
    port = free_port()
    program = Path(sys.executable).with_name("opinionlens")
    command = [str(program), "serve", "--port", str(port)]
    with serving(command, port, environment=environment, folder=ROOT, log=LOGS / "start.log") as server:
        seconds = server.wait_until_ready(OURS.ready)
        run_wrk(port, OURS.path, OURS.bodies(load_tweets()), seconds=_LOAD_SECONDS)
        time.sleep(_STEADY_SECONDS)
        memory = server.memory()
    own = memory[server.process.pid]
    total = sum(sizes["pss"] for sizes in memory.values())
    return Start(seconds, own["pss"], own["rss"], total, len(memory))


def table(started: dict[str, list[Start]]) -> str:
    """Return the row as Markdown."""
    rows = [
        [
            kind,
            Spread.of([start.seconds_to_ready for start in starts]).shown(2),
            Spread.of([start.server_pss for start in starts]).shown(),
            Spread.of([start.tree_pss for start in starts]).shown(),
            Spread.of([float(start.processes) for start in starts]).shown(),
        ]
        for kind, starts in started.items()
    ]
    head = ["app", "start to ready, s", "the serving process, MiB", "all its processes, MiB", "processes"]
    return markdown_table(head, rows)
