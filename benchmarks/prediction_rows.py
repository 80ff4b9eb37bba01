"""A row of the prediction log: what writing it costs in a table that is full already.

    uv run python -m benchmarks.prediction_rows [--rows 300000] [--url postgresql://…]

Two tables, one with random ids and one with ids that begin with their time, each filled with `--rows` rows.
Then flushes of 1,000 rows, as under load, by turns: by a statement of SQLAlchemy, and as `predictions.write`
hands rows to the driver. Processor time is that of this process, so of PostgreSQL only the client's part. A
database of `--url` must be empty; without it SQLite files in a temporary folder are used, one for each table.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

from benchmarks.serving.figures import markdown_table
from sqlalchemy import delete

from opinionlens.serving.idents import Idents
from opinionlens.storage import Database, migrate, predictions
from opinionlens.storage.inserting import insert_unless_there
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.tables import predictions as table
from opinionlens.text.labels import Label

FLUSH = 1_000
_NAMES = [column.name for column in table.columns]

NewId = Callable[[], UUID]
Write = Callable[[Database, Sequence[PredictionRow]], None]


@dataclass(frozen=True, slots=True)
class Flush:
    """The cost of one flush."""

    processor_seconds: float
    seconds: float


def main() -> None:
    """Measure and print the table."""
    options = _options()
    ids: dict[str, NewId] = {"random (UUID4)": uuid4, "time-ordered (UUID7)": Idents().new_uuid}
    writers: dict[str, Write] = {"a statement of SQLAlchemy": write_by_statement, "raw": predictions.write}
    measured: dict[tuple[str, str], list[Flush]] = {}
    for kind, new_id in ids.items():
        with _database(options.url) as database:
            fill(database, new_id, options.rows)
            for _ in range(options.rounds):
                for name, write in writers.items():
                    measured.setdefault((kind, name), []).append(flush(database, write, new_id))
    print(shown(measured))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prediction_rows",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=300_000, help="how many are there before")
    parser.add_argument("--rounds", type=int, default=40, help="flushes of each kind")
    parser.add_argument("--url", help="of an empty database, if not SQLite")
    return parser.parse_args()


@contextmanager
def _database(url: str | None) -> Iterator[Database]:
    """Return a database with empty tables; rows go at the end."""
    with tempfile.TemporaryDirectory(prefix="opinionlens-") as folder:
        place = url or f"sqlite:///{Path(folder) / 'rows.db'}"
        migrate(place)
        with closing(Database(place, limit_seconds=60)) as database:
            yield database
            with database.writing() as connection:
                connection.execute(delete(table))


def fill(database: Database, new_id: NewId, rows: int) -> None:
    """Write so many rows before anything is measured."""
    for start in range(0, rows, FLUSH):
        predictions.write(database, new_rows(new_id, min(FLUSH, rows - start)))


def new_rows(new_id: NewId, count: int) -> list[PredictionRow]:
    """Return rows as a served text makes them."""
    digest = hash_text("a text")
    return [
        PredictionRow(
            id=new_id(),
            at=datetime.now(UTC),
            model_name="opinionlens",
            model_version=3,
            text_hash=digest,
            length_chars=104,
            label=Label.NEGATIVE,
            probabilities=(0.7123456789012345, 0.1876543210987655, 0.1),
            latency_seconds=0.00012345,
            unknown_share=0.0625,
        )
        for _ in range(count)
    ]


def flush(database: Database, write: Write, new_id: NewId) -> Flush:
    """Write a flush of new rows and measure that."""
    rows = new_rows(new_id, FLUSH)
    worked, started = time.process_time(), time.perf_counter()
    write(database, rows)
    return Flush(time.process_time() - worked, time.perf_counter() - started)


def write_by_statement(database: Database, rows: Sequence[PredictionRow]) -> None:
    """Write rows as `predictions.write` once did."""
    with database.writing() as connection:
        statement = insert_unless_there(connection, table, table.c.id)
        connection.execute(statement, [dict(zip(_NAMES, _values(row), strict=True)) for row in rows])


def _values(row: PredictionRow) -> tuple[object, ...]:
    what = (row.id, row.at, row.model_name, row.model_version, row.text_hash, row.length_chars)
    return (*what, row.label.value, *row.probabilities, row.latency_seconds, row.text, row.unknown_share)


def shown(measured: dict[tuple[str, str], list[Flush]]) -> str:
    """Return the table, the first row as it was before."""
    first = median(flush.processor_seconds for flush in next(iter(measured.values())))
    rows = [
        [
            kind,
            name,
            f"{(worked := median(flush.processor_seconds for flush in flushes)) / FLUSH * 1e6:.1f}",
            f"{first / worked:.1f}",
            f"{median(flush.seconds for flush in flushes) * 1e3:.1f}",
            f"{max(flush.seconds for flush in flushes) * 1e3:.1f}",
        ]
        for (kind, name), flushes in measured.items()
    ]
    head = [
        "ids",
        "written as",
        "processor time a row, µs",
        "first row / it",
        "a flush, ms",
        "the longest, ms",
    ]
    return markdown_table(head, rows)


if __name__ == "__main__":
    main()
