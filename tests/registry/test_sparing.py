"""When MLflow's process is needed, and when it is spared.

The children here are small scripts that answer as the worker does.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.registry.test_rest import replies
from tests.support.rest_server import RestServer, rest_server

from opinionlens.base.errors import VersionNotFound
from opinionlens.registry import ProcessLimits, SparingRegistry

# Notes each call that it gets, and answers with version 1, whole.
CHILD = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    method, arguments = request["method"], request["arguments"]
    with open({calls!r}, "a") as calls:
        calls.write(method + "\\n")
    version = dict(name="m", number=1, digest={digest!r}, kind=None, created="2026-01-01T00:00:00Z",
                   run_id=None, aliases=["champion"], tags={{}}, servable={servable},
                   why_not_servable=None, scores={{}})
    result = {{"open": "ready", "names": ["m"], "versions": [version], "set_alias": None, "download": "",
              "has_run": True}}.get(method, version)
    print(json.dumps(dict(id=request["id"], result=result)), flush=True)
"""

Make = Callable[..., SparingRegistry]


@pytest.fixture
def server() -> Iterator[RestServer]:
    with rest_server(replies()) as running:
        yield running


@pytest.fixture
def calls(tmp_path: Path) -> Callable[[], list[str]]:
    """Return what the child was asked, over all its lives."""
    path = tmp_path / "calls"
    return lambda: path.read_text().split() if path.exists() else []


@pytest.fixture
def make(tmp_path: Path, server: RestServer) -> Iterator[Make]:
    made: list[SparingRegistry] = []
    tags = replies()["model-versions/get"]["model_version"]["tags"]

    def make(uri: str | None = None, servable: bool = True, **limits: float) -> SparingRegistry:
        script = CHILD.format(calls=str(tmp_path / "calls"), digest=tags[0]["value"], servable=servable)
        registry = SparingRegistry(
            uri or server.address,
            limits=ProcessLimits(**{"start": 60, "call": 60, **limits}),
            command=[sys.executable, "-ISc", script],
        )
        made.append(registry)
        return registry

    yield make
    for registry in made:
        registry.close()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_server_is_read_without_a_child(make, calls, tmp_path):
    registry = make()
    champion = registry.by_alias("m", "champion")
    assert registry.names() == ["m"]
    assert registry.versions("m") == [registry.version("m", 1)] == [champion]
    registry.download(champion, tmp_path / "into")
    assert calls() == []


def test_what_writes_is_left_to_the_child(make, calls):
    registry = make()
    registry.set_alias("m", "champion", 1)
    assert registry.has_run("abc")
    assert calls() == ["open", "set_alias", "has_run"]


def test_where_mlflow_is_needed_all_is_left_to_it(make, calls, monkeypatch, server):
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "kubernetes")
    make().by_alias("m", "champion")
    assert calls() == ["open", "by_alias"]
    assert server.seen == []


def test_files_in_another_store_are_looked_for_once(make, calls, server, tmp_path):
    server.replies.update(replies(source="s3://bucket/m-1"))
    registry = make()
    for _ in range(3):
        assert registry.by_alias("m", "champion").servable
    assert registry.versions("m")[0].servable
    assert calls() == ["open", "by_alias"]

    registry.download(registry.by_alias("m", "champion"), tmp_path / "into")
    assert calls() == ["open", "by_alias", "download"]


def test_files_that_the_child_does_not_find_are_looked_for_again(make, calls, server):
    server.replies.update(replies(source="s3://bucket/m-1"))
    registry = make(servable=False)
    for _ in range(2):
        assert not registry.by_alias("m", "champion").servable
    assert calls() == ["open", "by_alias", "by_alias"]


def test_a_redirect_elsewhere_is_left_to_the_child(make, calls, server):
    server.replies["registered-models/get"] = lambda request: request.say(
        302, b"", Location="http://127.0.0.1:1/"
    )
    make().by_alias("m", "champion")
    assert calls() == ["open", "by_alias"]


def test_an_error_of_the_server_is_no_reason_to_ask_the_child(make, calls, server):
    gone = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such model"}
    server.replies["registered-models/get"] = lambda request: request.say(404, json.dumps(gone).encode())
    with pytest.raises(VersionNotFound):
        make().versions("m")
    assert calls() == []


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "mlruns.db"
    path.write_bytes(b"pages")
    age(path, 100)
    return path


def age(path: Path, seconds: float) -> None:
    """Let a file have been written so many seconds ago."""
    then = path.stat().st_ctime - seconds
    os.utime(path, (then, then))


def test_a_database_that_nobody_writes_to_is_asked_once(make, calls, database):
    registry = make(f"sqlite:///{database}")
    found = [registry.by_alias("m", "champion") for _ in range(3)]
    assert found == [found[0]] * 3
    assert calls() == ["open", "by_alias"]
    assert database.read_bytes() == b"pages"


def test_each_alias_is_asked_for(make, calls, database):
    registry = make(f"sqlite:///{database}")
    registry.by_alias("m", "champion")
    registry.by_alias("m", "challenger")
    assert calls() == ["open", "by_alias", "by_alias"]


@pytest.mark.parametrize("written", ["mlruns.db", "mlruns.db-wal", "mlruns.db-journal"])
def test_a_database_that_was_written_to_is_asked_again(make, calls, database, written):
    registry = make(f"sqlite:///{database}")
    registry.by_alias("m", "champion")
    (database.parent / written).write_bytes(b"other")
    age(database.parent / written, 50)
    registry.by_alias("m", "champion")
    assert calls() == ["open", "by_alias", "by_alias"]


def test_a_database_that_is_being_written_to_is_asked_each_time(make, calls, database):
    """Two writes may leave the same time, so an answer from between them must not stay."""
    age(database, -3_600)  # written in the future, which a busy test machine never leaves behind
    registry = make(f"sqlite:///{database}")
    for _ in range(2):
        registry.by_alias("m", "champion")
    assert calls() == ["open", "by_alias", "by_alias"]


def test_a_version_without_its_files_is_asked_for_again(make, calls, database):
    registry = make(f"sqlite:///{database}", servable=False)
    for _ in range(2):
        registry.by_alias("m", "champion")
    assert calls() == ["open", "by_alias", "by_alias"]
