"""What the lane for plain predictions saves of each request.

    uv run python -m benchmarks.inference_lane --texts tweets.csv [--model FOLDER]

Two servers run as `opinionlens serve` runs the app, logs on, each with a database of its own in which there
are rows already; one of them has no lane. `wrk` loads them by turns in each round, in changing order
(`benchmarks/serving/by_turns.py`). Shown are medians of the rounds with their 95 % interval. Without
`--model` a model of words and pairs of words is made from the first half of the texts; the other half is
sent.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks.drift_model import make_model, texts_of
from benchmarks.serving.by_turns import MeasuredServer, folder_of, measure
from benchmarks.serving.figures import markdown_table, median_interval
from benchmarks.serving.load import require_wrk, write_bodies

from opinionlens.cli.serve import run_serve
from opinionlens.server import assembly
from opinionlens.storage import Database, migrate, predictions
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.text.labels import LABELS

MODULE = "benchmarks.inference_lane"
WITHOUT, WITH = "without the lane", "with the lane"
_ROWS_AT_ONCE = 5_000


def serve(port: int, way: str) -> None:
    """Serve until a signal comes."""
    assembly.create_app = partial(assembly.create_app, has_lane=way == WITH)  # type: ignore[assignment]
    run_serve(host="127.0.0.1", port=port, workers=1)


def fill(file: Path, rows: int) -> None:
    """Make a database with rows of the last day."""
    url = f"sqlite:///{file}"
    migrate(url)
    now, chance = datetime.now(UTC), random.Random(1)
    with closing(Database(url)) as database:
        for start in range(0, rows, _ROWS_AT_ONCE):
            count = min(_ROWS_AT_ONCE, rows - start)
            ages = sorted((chance.uniform(0, 86_400) for _ in range(count)), reverse=True)
            predictions.write(
                database,
                [
                    PredictionRow(
                        id=uuid4(),
                        at=now - timedelta(seconds=age),
                        model_name="benchmark",
                        model_version=1,
                        text_hash=hash_text(str(age)),
                        length_chars=80,
                        label=LABELS[0],
                        probabilities=(0.5, 0.3, 0.2),
                        latency_seconds=0.001,
                    )
                    for age in ages
                ],
            )


def table(servers: dict[str, MeasuredServer]) -> str:
    """Return the rows as Markdown."""
    whole = {way: server.microseconds(server.clocks) for way, server in servers.items()}
    saved = [100 * (1 - ours / theirs) for ours, theirs in zip(whole[WITH], whole[WITHOUT], strict=True)]
    rows = [
        [
            way,
            _shown(whole[way]),
            _shown(server.microseconds(server.loop_clocks)),
            _shown([load.per_second for load in server.loads]),
            _shown([load.p50_ms for load in server.loads], 1),
            _shown([load.p99_ms for load in server.loads], 1),
        ]
        for way, server in servers.items()
    ]
    rows.append(["saved, %", _shown(saved), "", "", "", ""])
    head = ["way", "processor time a request, µs", "… event loop", "requests/s", "p50, ms", "p99, ms"]
    return markdown_table(head, rows)


def _shown(values: list[float], digits: int = 0) -> str:
    low, high = median_interval(values)
    return f"{median(values):,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def main() -> None:
    """Measure both ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--most", type=int, default=6_000, help="texts that are taken")
    parser.add_argument("--model", type=Path, help="an artifact")
    parser.add_argument("--rows", type=int, default=300_000, help="in each database at first")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=3, help="for each way in each round")
    options = parser.parse_args()
    require_wrk()
    before = os.getloadavg()[0]
    texts = texts_of(options.texts, options.text_column, options.most)
    half = len(texts) // 2
    bodies = write_bodies("lane", [{"text": text} for text in texts[half:]])
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = (options.model or make_model(texts[:half], work / "classifier")).resolve()
        fill(work / "filled.db", options.rows)
        for way in (WITHOUT, WITH):
            folder_of(work, way).mkdir()
            shutil.copy(work / "filled.db", folder_of(work, way) / "app.db")
        servers = measure(
            MODULE, (WITHOUT, WITH), model, bodies, work, rounds=options.rounds, seconds=options.seconds
        )
    print(table(servers))
    print(f"\nload average {before:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
