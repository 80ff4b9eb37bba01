"""One stack for all tests of this folder, on a real Docker engine; they run in the order below."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

import pytest
from tests.stack.asking import Door
from tests.stack.docker_client import DockerClient
from tests.stack.engine import engine_in_use
from tests.stack.host_training import HostProject
from tests.stack.metrics import Prometheus
from tests.stack.places import CACHE
from tests.stack.running import Stack
from tests.stack.site import Site, new_site
from tests.stack.space import built_space
from tests.stack.tables import Tables
from tests.stack.whole import base_image, built_stack, stand_in_images

HERE = Path(__file__).parent
# What needs no engine comes first; each file leaves the stack as it found it.
ORDER = (
    *("files", "rules", "bring_up", "models", "counts", "tools", "faults", "drift"),
    *("expressions", "lasting", "backup", "airflow", "artifacts", "small", "site", "space"),
)
TABLES = pytest.StashKey[Tables]()
# For images: far more than on a quiet machine.
_SECONDS = 1_800


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
def builders(docker: DockerClient) -> Iterator[ThreadPoolExecutor]:
    """What builds beside tests: the base image, then stand-ins and our own images at once."""
    with ThreadPoolExecutor(3) as threads:
        yield threads
        threads.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def coming_base(builders: ThreadPoolExecutor, docker: DockerClient, tables: Tables) -> Future[None]:
    return builders.submit(base_image, docker, tables)


@pytest.fixture(scope="session")
def coming_images(
    builders: ThreadPoolExecutor, docker: DockerClient, coming_base: Future[None], tables: Tables
) -> Future[dict[str, str]]:
    return builders.submit(stand_in_images, docker, partial(coming_base.result, _SECONDS), tables)


@pytest.fixture(scope="session")
def coming_stack(
    builders: ThreadPoolExecutor,
    docker: DockerClient,
    coming_base: Future[None],
    tables: Tables,
    tmp_path_factory: pytest.TempPathFactory,
) -> Future[Stack]:
    folder = tmp_path_factory.mktemp("project")
    return builders.submit(built_stack, docker, partial(coming_base.result, _SECONDS), tables, folder)


@pytest.fixture(scope="session")
def later_builder(docker: DockerClient) -> Iterator[ThreadPoolExecutor]:
    """What builds one thing after the other, to leave the tests beside it their share of the machine."""
    with ThreadPoolExecutor(1) as thread:
        yield thread
        thread.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def coming_airflow(later_builder: ThreadPoolExecutor, stack: Stack) -> Future[None]:
    """Airflow's image."""
    return later_builder.submit(stack.build_airflow)


@pytest.fixture(scope="session")
def coming_space(
    later_builder: ThreadPoolExecutor,
    docker: DockerClient,
    coming_base: Future[None],
    write_word_model: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Future[str]:
    """The image of the Space, with a model that knows a word of its own."""
    folder = tmp_path_factory.mktemp("space")
    write_word_model(folder / "classifier", {"glorp": 3.0})
    return later_builder.submit(built_space, docker, partial(coming_base.result, _SECONDS), folder)


@pytest.fixture(scope="session")
def coming_site(
    later_builder: ThreadPoolExecutor,
    docker: DockerClient,
    coming_images: Future[dict[str, str]],
    coming_stack: Future[Stack],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Future[Site]]:
    """The site, up and healthy."""
    site = new_site(docker, tmp_path_factory.mktemp("site"))

    def up() -> Site:
        images = coming_images.result(_SECONDS)
        coming_stack.result(_SECONDS)
        site.bring_up(images)
        return site

    coming = later_builder.submit(up)
    yield coming
    if not coming.cancel():
        wait([coming], _SECONDS)
        site.remove()


def wanted(request: pytest.FixtureRequest) -> set[str]:
    """Return the names of what the tests of this run ask for."""
    return {name for item in request.session.items for name in getattr(item, "fixturenames", ())}


@pytest.fixture(scope="session", autouse=True)
def begun_images(request: pytest.FixtureRequest) -> None:
    """Make the images of later tests beside the first ones, which need none."""
    for name, coming in (("images", "coming_images"), ("stack", "coming_stack")):
        if name in wanted(request):
            request.getfixturevalue(coming)


@pytest.fixture(scope="session")
def begun_for_later(request: pytest.FixtureRequest) -> None:
    """Build and start what the last tests need beside tests that no busy processor disturbs."""
    for name in ("coming_airflow", "coming_space", "coming_site"):
        if name in wanted(request):
            request.getfixturevalue(name)


@pytest.fixture(scope="session")
def images(coming_images: Future[dict[str, str]]) -> dict[str, str]:
    return coming_images.result(_SECONDS)


@pytest.fixture(scope="session")
def stack(coming_stack: Future[Stack], images: dict[str, str], tables: Tables) -> Iterator[Stack]:
    """The whole stack, up and healthy."""
    running = coming_stack.result(_SECONDS)
    running.compose.variables |= images
    try:
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
def served(stack: Stack, app: Door, host: HostProject) -> None:
    """A version that was trained on the host, promoted, and loaded, where none is yet."""
    if app.ask("GET", "/api/v1/models/").body:
        return
    host.train()
    host.promote()
    order = {"model_name": "opinionlens", "model_version": 1, "set_default": True}
    fetched = app.ask("POST", "/api/v1/models/?wait=true", order, seconds=150)
    assert fetched.status == 201, fetched.body


@pytest.fixture(scope="session")
def app(stack: Stack) -> Door:
    """The app through Traefik, as an administrator's program asks it."""
    return stack.app.with_key(stack.project.admin_key)


@pytest.fixture(scope="session")
def prometheus(stack: Stack) -> Prometheus:
    return stack.prometheus
