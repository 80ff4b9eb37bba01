"""Servers that are loaded by turns, with the processor time of each.

Counted is the processor time of the whole process from the start of one round to that of the next: what its
threads do later is in it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

from benchmarks.serving.load import Load, run_wrk
from benchmarks.serving.processes import ServerProcess, free_port, serving

PATH = "/api/v1/inference/predict"
# A row waits a second at most; then the round's work is done, but for sums that are written less often.
SETTLED_SECONDS = 1.5


class MeasuredServer:
    """A server with what it has cost and answered, round by round."""

    def __init__(self, process: ServerProcess, database: Path) -> None:
        """Begin before the first round."""
        self.process = process
        self.database = database
        self.loads: list[Load] = []
        self.clocks: list[int] = []
        self.loop_clocks: list[int] = []

    @property
    def answered(self) -> list[int]:
        """The number of answers, by round."""
        return [load.requests for load in self.loads]

    def note_clock(self) -> None:
        """Note the processor time so far: of all threads, and of the event loop's."""
        pid = self.process.process.pid
        # The number that Linux gives the processor clock of another process.
        self.clocks.append(time.clock_gettime_ns((~pid << 3) | 2))
        self.loop_clocks.append(int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]))

    def load(self, bodies: Path, seconds: int) -> None:
        """Have texts predicted, as fast as answers come."""
        seen = run_wrk(self.process.port, PATH, bodies, seconds=seconds)
        if seen.failed:
            raise RuntimeError(f"{seen.failed} of {seen.requests} requests failed")
        self.loads.append(seen)

    def microseconds(self, clocks: list[int]) -> list[float]:
        """Return the processor time for each request, by round."""
        spent = [after - before for before, after in pairwise(clocks)]
        return [each / 1_000 / requests for each, requests in zip(spent, self.answered, strict=True)]


@contextmanager
def started(module: str, way: str, model: Path, folder: Path) -> Iterator[MeasuredServer]:
    """Serve a model in one way, by `serve(port, way)` of a module, while the block runs."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    environment = {
        "ENV": "local",
        "API__MODEL_PATH": str(model),
        "API__SAVED_MODEL_PATH": str(folder / "cache"),
        "API__ERROR_LOG_PATH": str(folder / "errors.log"),
        "DATABASE__URL": f"sqlite:///{folder / 'app.db'}",
    }
    command = [sys.executable, "-c", f"from {module} import serve; serve({port}, {way!r})"]
    log = folder / "app.log"
    with serving(command, port, environment=environment, folder=Path.cwd(), log=log) as process:
        process.wait_until_ready("/ready")
        yield MeasuredServer(process, folder / "app.db")


def folder_of(work: Path, way: str) -> Path:
    """Return the folder of one server, in which `app.db` is its database."""
    return work / way.replace(" ", "-")


def measure(
    module: str, ways: Sequence[str], model: Path, bodies: Path, work: Path, *, rounds: int, seconds: int
) -> dict[str, MeasuredServer]:
    """Load all ways by turns, in changing order; return them after their end."""
    with ExitStack() as stack:
        servers = {
            way: stack.enter_context(started(module, way, model, folder_of(work, way))) for way in ways
        }
        for server in servers.values():
            server.load(bodies, seconds)  # caches, and words met for the first time
            server.loads.clear()
        for number in range(rounds):
            time.sleep(SETTLED_SECONDS)
            for server in servers.values():
                server.note_clock()
            for way in ways if number % 2 else reversed(ways):
                servers[way].load(bodies, seconds)
        time.sleep(SETTLED_SECONDS)
        for server in servers.values():
            server.note_clock()
    return servers
