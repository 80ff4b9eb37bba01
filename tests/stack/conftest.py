"""One stack for all tests of this folder, on a real Docker engine; they run in the order below."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.stack.asking import Door
from tests.stack.docker_client import DockerClient
from tests.stack.engine import engine_in_use
from tests.stack.host_training import HostProject
from tests.stack.metrics import Prometheus
from tests.stack.running import Stack
from tests.stack.tables import Tables
from tests.stack.whole import stand_in_images, whole_stack

HERE = Path(__file__).parent
# What needs no engine comes first; each file leaves the stack as it found it.
ORDER = (
    *("files", "rules", "bring_up", "models", "counts", "tools", "faults", "drift"),
    *("expressions", "lasting", "backup", "airflow", "artifacts", "small", "site", "space"),
)
TABLES = pytest.StashKey[Tables]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLES] = Tables()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            # What fixtures build and start has limits of its own.
            item.add_marker(pytest.mark.timeout(300, func_only=True))
    items.sort(
        key=lambda item: ORDER.index(item.path.stem.removeprefix("test_")) if item.path.parent == HERE else -1
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if text := config.stash[TABLES].text():
        terminalreporter.section("the stack")
        terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def tables(request: pytest.FixtureRequest) -> Iterator[Tables]:
    yield request.config.stash[TABLES]
    request.config.stash[TABLES].keep()


@pytest.fixture(scope="session")
def docker(tables: Tables) -> Iterator[DockerClient]:
    began = time.monotonic()
    with engine_in_use() as client:
        tables.add("bring-up", "Docker engine", f"{time.monotonic() - began:.1f}")
        yield client


@pytest.fixture(scope="session")
def coming_images(docker: DockerClient, tables: Tables) -> Iterator[Future[dict[str, str]]]:
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(stand_in_images, docker, tables)


@pytest.fixture(scope="session", autouse=True)
def begun_images(request: pytest.FixtureRequest) -> None:
    """Make the images of later tests beside the first ones, which need none."""
    if any("images" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("coming_images")


@pytest.fixture(scope="session")
def images(coming_images: Future[dict[str, str]]) -> dict[str, str]:
    return coming_images.result(timeout=1_800)


@pytest.fixture(scope="session")
def stack(
    docker: DockerClient, images: dict[str, str], tables: Tables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with whole_stack(docker, images, tables, tmp_path_factory.mktemp("project")) as running:
        yield running


@pytest.fixture(scope="session")
def host(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> HostProject:
    """A developer's folder on this machine, with the settings of the stage."""
    return HostProject(tmp_path_factory.mktemp("host"), stack.project.folder / ".env.stage")


@pytest.fixture(scope="session")
def app(stack: Stack) -> Door:
    """The app through Traefik, as an administrator's program asks it."""
    return stack.app.with_key(stack.project.admin_key)


@pytest.fixture(scope="session")
def prometheus(stack: Stack) -> Prometheus:
    return stack.prometheus
