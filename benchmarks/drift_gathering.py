"""Processor time of the drift sums for each request.

    uv run python -m benchmarks.drift_gathering --texts tweets.csv [--text-column text] [--model FOLDER]

Two servers run as `opinionlens serve` runs the app, logs on, each with a database of its own; in one of them
no words are handed to the prediction log, so that neither sums nor shares of unknown words are made. `wrk`
loads them by turns in each round, in changing order. Counted is the processor time of the whole process from
the start of one round to that of the next: what its threads do later is in it. Each round gives one ratio;
the figure is their median with its 95 % interval. Without `--model` a model of words and pairs of words is
made from the first half of the texts; the other half is sent. `--write-to URL` also times what is done once a
minute, a write of the sums to an empty database, on SQLite and there.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks.drift_model import make_model, texts_of
from benchmarks.serving.figures import median_interval
from benchmarks.serving.load import require_wrk, run_wrk, write_bodies
from benchmarks.serving.processes import ServerProcess, free_port, serving

from opinionlens.cli.serve import run_serve
from opinionlens.drift.reference import REFERENCE_NAME, Reference
from opinionlens.drift.windows import WindowSums
from opinionlens.storage import Database, drift_sums, migrate, records
from opinionlens.storage.drift_sums import HourlySums

PATH = "/api/v1/inference/predict"
WITHOUT, WITH = "without sums", "with sums"
MODULE = "benchmarks.drift_gathering"
# A row waits a second at most; then the round's work is done, but for sums that are written less often.
SETTLED_SECONDS = 1.5


def serve(port: int, way: str) -> None:
    """Serve until a signal comes."""
    if way == WITHOUT:
        records.ServedWords = lambda text, tokens, model: None  # type: ignore[assignment,misc]
    run_serve(host="127.0.0.1", port=port, workers=1)


class MeasuredServer:
    """A server with what it has cost and answered, round by round."""

    def __init__(self, process: ServerProcess, database: Path) -> None:
        """Begin before the first round."""
        self.process = process
        self.database = database
        self.answered: list[int] = []
        self.clocks: list[int] = []
        self.loop_clocks: list[int] = []

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
        self.answered.append(seen.requests)

    def microseconds(self, clocks: list[int]) -> list[float]:
        """Return the processor time for each request, by round."""
        spent = [after - before for before, after in pairwise(clocks)]
        return [each / 1_000 / requests for each, requests in zip(spent, self.answered, strict=True)]


@contextmanager
def started(way: str, model: Path, folder: Path) -> Iterator[MeasuredServer]:
    """Serve a model in one way while the block runs."""
    folder.mkdir()
    port = free_port()
    environment = {
        "ENV": "local",
        "API__MODEL_PATH": str(model),
        "API__SAVED_MODEL_PATH": str(folder / "cache"),
        "API__ERROR_LOG_PATH": str(folder / "errors.log"),
        "DATABASE__URL": f"sqlite:///{folder / 'app.db'}",
    }
    command = [sys.executable, "-c", f"from {MODULE} import serve; serve({port}, {way!r})"]
    log = folder / "app.log"
    with serving(command, port, environment=environment, folder=Path.cwd(), log=log) as process:
        process.wait_until_ready("/ready")
        yield MeasuredServer(process, folder / "app.db")


def measure(options: argparse.Namespace, model: Path, bodies: Path, work: Path) -> dict[str, MeasuredServer]:
    """Load both ways by turns; return them after their end."""
    with ExitStack() as stack:
        servers = {
            way: stack.enter_context(started(way, model, work / name))
            for way, name in ((WITHOUT, "without"), (WITH, "with"))
        }
        for server in servers.values():
            server.load(bodies, options.seconds)  # caches, and words met for the first time
            server.answered.clear()
        for number in range(options.rounds):
            time.sleep(SETTLED_SECONDS)
            for server in servers.values():
                server.note_clock()
            for way in (WITHOUT, WITH) if number % 2 else (WITH, WITHOUT):
                servers[way].load(bodies, options.seconds)
        time.sleep(SETTLED_SECONDS)
        for server in servers.values():
            server.note_clock()
    return servers


def check(servers: dict[str, MeasuredServer]) -> None:
    """Refuse figures of servers that did not do what is measured."""
    for way, server in servers.items():
        with closing(sqlite3.connect(server.database)) as connection:
            rows, shares = connection.execute(
                "SELECT count(*), count(unknown_share) FROM predictions"
            ).fetchone()
            (summed,) = connection.execute("SELECT coalesce(sum(read_texts), 0) FROM drift_sums").fetchone()
        if rows < sum(server.answered) or summed != (rows if way == WITH else 0):
            raise SystemExit(
                f"{way}: {rows} rows and {summed} texts in sums, {sum(server.answered)} answers."
            )
        if bool(shares) != (way == WITH):
            raise SystemExit(f"{way}: {shares} shares of unknown words.")


def show(servers: dict[str, MeasuredServer]) -> None:
    """Print the costs of both ways and their differences."""
    whole = {way: server.microseconds(server.clocks) for way, server in servers.items()}
    loops = {way: server.microseconds(server.loop_clocks) for way, server in servers.items()}
    print(f"median of {len(whole[WITH])} rounds, µs a request    whole  event loop")
    for way, server in servers.items():
        parts = f"{median(whole[way]):8.1f} {median(loops[way]):11.1f}"
        print(f"{way:30} {parts}   ({sum(server.answered):,} requests)")
    shown = {"ratio": _by_round(whole, lambda ours, theirs: ours / theirs - 1)}
    for name, times in (("difference", whole), ("… event loop", loops)):
        shown[name] = _by_round(times, lambda ours, theirs: ours - theirs)
    for name, values in shown.items():
        low, high = median_interval(values)
        unit = "+.1%" if name == "ratio" else "+.1f"
        print(f"{name:12} {median(values):{unit}} ({low:{unit}} to {high:{unit}})")


def _by_round(times: dict[str, list[float]], compare: Callable[[float, float], float]) -> list[float]:
    return [compare(ours, theirs) for ours, theirs in zip(times[WITH], times[WITHOUT], strict=True)]


def write_milliseconds(url: str, model: Path, repeats: int = 50) -> float:
    """Return the client's processor time of a write of one hour's sums."""
    profile = Reference.from_bytes((model / REFERENCE_NAME).read_bytes()).profile
    if profile is None:
        raise SystemExit(f"{model} has no drift reference.")
    now = datetime.now(UTC)
    sums = HourlySums(uuid4(), "measured", 1, now, WindowSums(profile).state())
    migrate(url)
    times = []
    with closing(Database(url)) as database:
        for _ in range(repeats):
            started = time.thread_time()
            drift_sums.write(database, [sums])
            times.append(time.thread_time() - started)
        drift_sums.delete_before(database, now + timedelta(seconds=1))
    return median(times) * 1_000


def main() -> None:
    """Measure both ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--most", type=int, default=6_000, help="texts that are taken")
    parser.add_argument("--model", type=Path, help="an artifact with a drift reference")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=2, help="for each way in each round")
    parser.add_argument("--write-to", help="the URL of an empty PostgreSQL database")
    options = parser.parse_args()
    require_wrk()
    before = os.getloadavg()[0]
    texts = texts_of(options.texts, options.text_column, options.most)
    half = len(texts) // 2
    bodies = write_bodies("drift", [{"text": text} for text in texts[half:]])
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = (options.model or make_model(texts[:half], work / "classifier")).resolve()
        servers = measure(options, model, bodies, work)
        check(servers)
        for url in filter(None, (f"sqlite:///{work / 'sums.db'}", options.write_to)):
            print(f"{url.partition(':')[0]}: {write_milliseconds(url, model):.2f} ms for a write of the sums")
    show(servers)
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
