"""Time and memory of `opinionlens drift check` on a full prediction log.

    uv run python -m benchmarks.drift_check_speed --texts tweets.csv [--rows 10000 100000 1000000]

A log of 24 hours without stored texts, with the sums of each hour as the app keeps them; and the same number
of stored texts up to 10,000, as a log and as a file. The whole command is measured, from start to end, with
the record in MLflow: time by the clock, processor time, and the greatest memory of the process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from uuid import uuid4

import numpy as np
import polars as pl
from benchmarks.drift_model import make_model, texts_of

from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear.text_reading import word_test
from opinionlens.classifiers.load import load_classifier
from opinionlens.drift.windows import WindowSums, terms_of, unknown_share
from opinionlens.jobs.drift_check import read_profile
from opinionlens.storage import Database, drift_sums, migrate, predictions
from opinionlens.storage.drift_sums import HourlySums
from opinionlens.storage.predictions import PredictionRow, hash_text

HOURS = 23
_POOL = 5_000
_MOST_STORED = 10_000
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Run:
    """What one command took."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def main() -> None:
    """Measure each size and print Markdown."""
    options = _options()
    pool = texts_of(options.texts, options.text_column, _POOL)
    print("| what | rows | seconds | processor seconds | peak memory, MB |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        artifact = make_model(pool, folder / "classifier")
        classifier = load_classifier(artifact)
        # MLflow makes its database once.
        _checked(folder, _file_of(folder, pool[:200]))
        for count in options.rows:
            write_log(folder / f"{count}.db", classifier, artifact, pool, count, keeps_texts=False)
            _print("log with hourly sums", count, _checked(folder, _log(folder / f"{count}.db")))
            if count <= _MOST_STORED:
                write_log(folder / "texts.db", classifier, artifact, pool, count, keeps_texts=True)
                _print("log with texts", count, _checked(folder, _log(folder / "texts.db")))
                file = _file_of(folder, list(islice(cycle(pool), count)))
                _print("file of texts", count, _checked(folder, file))
    print(f"load average {os.getloadavg()[0]:.1f}")


def write_log(
    file: Path, classifier: Classifier, artifact: Path, pool: Sequence[str], count: int, *, keeps_texts: bool
) -> None:
    """Write a log of the last 24 hours, with the sums of its whole hours."""
    file.unlink(missing_ok=True)
    migrate(f"sqlite:///{file}")
    database = Database(f"sqlite:///{file}")
    usual = _rows(classifier, pool, keeps_texts=keeps_texts)
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    step = timedelta(hours=HOURS) / count
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count))
        predictions.write(
            database,
            [
                replace(usual[number % len(usual)], id=uuid4(), at=this_hour - step * (number + 1))
                for number in numbers
            ],
        )
    if not keeps_texts:
        _write_sums(database, classifier, artifact, pool, this_hour)
    database.close()


def _write_sums(
    database: Database, classifier: Classifier, artifact: Path, pool: Sequence[str], this_hour: datetime
) -> None:
    """Write one row of sums for each hour and each of two processes; what they add up to costs nothing."""
    sums = WindowSums(read_profile(artifact))
    sums.add_predictions(classifier.predict_proba(pool), [len(text) for text in pool])
    sums.add_texts(pool, classifier.manifest.features.recipe, word_test(classifier))
    for hour in range(HOURS):
        at = this_hour - timedelta(hours=hour + 1)
        drift_sums.write(
            database, [HourlySums(uuid4(), artifact.name, None, at, sums.state()) for _ in range(2)]
        )


def _rows(classifier: Classifier, pool: Sequence[str], *, keeps_texts: bool) -> list[PredictionRow]:
    recipe, knows = classifier.manifest.features.recipe, word_test(classifier)
    assert knows is not None
    rows = []
    for text, prediction in zip(pool, classifier.predict_many(pool), strict=True):
        share = unknown_share(recipe, terms_of(recipe, text), knows)
        rows.append(
            PredictionRow(
                id=uuid4(),
                at=datetime.now(UTC),
                model_name="classifier",
                model_version=None,
                text_hash=hash_text(text),
                length_chars=len(text),
                label=prediction.label,
                probabilities=prediction.probabilities,
                latency_seconds=0.001,
                text=text if keeps_texts else None,
                unknown_share=None if np.isnan(share) else share,
            )
        )
    return rows


def _file_of(folder: Path, texts: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    pl.DataFrame({"text": texts}).write_csv(folder / "texts.csv")
    return {"DATABASE__URL": f"sqlite:///{folder / 'other.db'}"}, ["--input", str(folder / "texts.csv")]


def _log(file: Path) -> tuple[dict[str, str], list[str]]:
    return {"DATABASE__URL": f"sqlite:///{file}"}, ["--since", "24h"]


def _checked(folder: Path, how: tuple[dict[str, str], list[str]]) -> Run:
    """Run the command; a status other than 0 and 3 is an error."""
    settings, options = how
    settings["MLFLOW__LOCAL_TRACKING_URI"] = f"sqlite:///{folder / 'mlruns.db'}"
    program = Path(sys.executable).with_name("opinionlens")
    command = [str(program), "drift", "check", "--model", str(folder / "classifier")]
    started = time.monotonic()
    with (folder / "said.txt").open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [*command, *options],
            env=os.environ | settings,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit((folder / "said.txt").read_text(encoding="utf-8"))
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _print(what: str, rows: int, run: Run) -> None:
    cells = (what, f"{rows:,}", f"{run.seconds:.1f}", f"{run.cpu_seconds:.1f}", f"{run.megabytes:.0f}")
    print(f"| {' | '.join(cells)} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.drift_check_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--texts", type=Path, required=True, help="a file, for model and log")
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    return parser.parse_args()


if __name__ == "__main__":
    main()
