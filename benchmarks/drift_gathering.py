"""Processor time of the drift sums for each request.

    uv run python -m benchmarks.drift_gathering --texts tweets.csv [--text-column text] [--model FOLDER]

Two servers run as `opinionlens serve` runs the app, logs on, each with a database of its own; in one of them
no words are handed to the prediction log, so that neither sums nor shares of unknown words are made. `wrk`
loads them by turns in each round, in changing order (`benchmarks/serving/by_turns.py`). Each round gives one
ratio; the figure is their median with its 95 % interval. Without `--model` a model of words and pairs of
words is made from the first half of the texts; the other half is sent. `--write-to URL` also times what is
done once a minute, a write of the sums to an empty database, on SQLite and there.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks.drift_model import make_model, texts_of
from benchmarks.serving.by_turns import MeasuredServer, measure
from benchmarks.serving.figures import median_interval
from benchmarks.serving.load import require_wrk, write_bodies

from opinionlens.cli.serve import run_serve
from opinionlens.drift.reference import REFERENCE_NAME, Reference
from opinionlens.drift.windows import WindowSums
from opinionlens.storage import Database, drift_sums, migrate, records
from opinionlens.storage.drift_sums import HourlySums

WITHOUT, WITH = "without sums", "with sums"
MODULE = "benchmarks.drift_gathering"


def serve(port: int, way: str) -> None:
    """Serve until a signal comes."""
    if way == WITHOUT:
        records.ServedWords = lambda text, tokens, model: None  # type: ignore[assignment,misc]
    run_serve(host="127.0.0.1", port=port, workers=1)


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
        servers = measure(
            MODULE, (WITHOUT, WITH), model, bodies, work, rounds=options.rounds, seconds=options.seconds
        )
        check(servers)
        for url in filter(None, (f"sqlite:///{work / 'sums.db'}", options.write_to)):
            print(f"{url.partition(':')[0]}: {write_milliseconds(url, model):.2f} ms for a write of the sums")
    show(servers)
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
