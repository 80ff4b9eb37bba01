import os

import pytest
from tests.support.real_postgres import find_binaries, real_postgres


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    binaries = find_binaries()
    if binaries is None:
        pytest.fail("no PostgreSQL is installed")
    with real_postgres(binaries) as server:
        yield server


@pytest.fixture
def postgres(postgres_server, monkeypatch):
    """A server whose own `pg_dump` and `psql` are in front on the path."""
    programs = postgres_server._binaries  # the copy that can be run, of the server's version
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return postgres_server
