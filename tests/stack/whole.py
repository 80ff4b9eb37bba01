"""The whole stack from nothing: the base image, then stand-ins and our own images."""

from __future__ import annotations

import time
from collections.abc import Callable
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

Wait = Callable[[], object]


def base_image(docker: DockerClient, tables: Tables) -> None:
    """Make the image that all others are built on, where it cannot be had."""
    if images_are_pulled():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    make_base_image(docker)
    tables.add("bring-up", "base image from Debian's packages", f"{time.monotonic() - began:.1f}")


def stand_in_images(docker: DockerClient, base: Wait, tables: Tables) -> dict[str, str]:
    """Return the variables that put stand-ins in the place of images that cannot be had."""
    if images_are_pulled():
        return {}
    base()
    began = time.monotonic()
    variables = build_all(docker)
    tables.add("bring-up", "stand-ins for seven images", f"{time.monotonic() - began:.1f}")
    return variables


def built_stack(docker: DockerClient, base: Wait, tables: Tables, folder: Path) -> Stack:
    """Return the stack with its images built, and nothing started."""
    project = Project(folder)
    variables = build_labels(ROOT)
    stack = Stack(project, Compose(docker, project.folder, "stack-tests", variables=variables))
    stack.prepare(index={} if images_are_pulled() else index_settings())
    base()
    stack.build(tables)
    return stack
