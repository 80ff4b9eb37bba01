"""The whole stack from nothing: stand-ins, our own images, healthy services."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.stack.compose_calls import build_labels
from tests.stack.base_image import make_base_image
from tests.stack.compose import Compose
from tests.stack.docker_client import DockerClient
from tests.stack.engine import images_are_pulled
from tests.stack.places import CACHE, ROOT
from tests.stack.project import Project, index_settings
from tests.stack.running import Stack
from tests.stack.stand_ins import build_all
from tests.stack.tables import Tables


def stand_in_images(docker: DockerClient, tables: Tables) -> dict[str, str]:
    """Return the variables that put stand-ins in the place of images that cannot be had."""
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


@contextmanager
def whole_stack(
    docker: DockerClient, images: Mapping[str, str], tables: Tables, folder: Path
) -> Iterator[Stack]:
    """Bring all services up for as long as the block lasts."""
    project = Project(folder)
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
