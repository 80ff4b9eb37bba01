"""One stack for all tests of this folder, on a real Docker engine; they run in the order below."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.stack.compose_calls import build_labels
from tests.stack.asking import Door
from tests.stack.base_image import make_base_image
from tests.stack.compose import Compose
from tests.stack.docker_client import DockerClient
from tests.stack.engine import engine_in_use, images_are_pulled
from tests.stack.host_training import HostProject
from tests.stack.metrics import Prometheus
from tests.stack.places import CACHE, ROOT
from tests.stack.project import Project, index_settings
from tests.stack.running import Stack
from tests.stack.stand_ins import build_all
from tests.stack.tables import Tables

HERE = Path(__file__).parent
# What needs no engine comes first; each file leaves the stack as it found it.
ORDER = (
    *("files", "rules", "bring_up", "models", "counts", "tools", "faults", "expressions", "lasting"),
    *("artifacts", "small"),
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
def images(docker: DockerClient, tables: Tables) -> dict[str, str]:
    """The variables that put stand-ins in the place of images that cannot be had."""
    if images_are_pulled():
        return {}
    CACHE.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    make_base_image(docker)
    between = time.monotonic()
    variables = build_all(docker)
    tables.add("bring-up", "base image from Debian's packages", f"{between - began:.1f}")
    tables.add("bring-up", "stand-ins for seven images", f"{time.monotonic() - between:.1f}")
    return variables


@pytest.fixture(scope="session")
def stack(
    docker: DockerClient, images: dict[str, str], tables: Tables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The whole stack, built and healthy."""
    project = Project(tmp_path_factory.mktemp("project"))
    variables = {**images, **build_labels(ROOT)}
    running = Stack(project, Compose(docker, project.folder, "stack-tests", variables=variables))
    running.prepare(index={} if images_are_pulled() else index_settings())
    try:
        running.build(tables)
        running.bring_up(tables)
        yield running
    finally:
        running.keep_logs(CACHE / "logs")
        running.remove()


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
