"""The base image of all others, from Debian's packages, where none can be pulled."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.stack.docker_client import DockerClient
from tests.stack.engine import mounts_below, unmount
from tests.stack.places import CACHE

BASE_IMAGE = "python:3.11-slim-bookworm"
_PACKAGES = "ca-certificates,python3,python3-venv,python3-pip"
# Far more than on a quiet machine.
_SECONDS = 900
_END_SECONDS = 30


def make_base_image(client: DockerClient) -> None:
    """Make the base image, where it is not there yet."""
    with contextlib.suppress(RuntimeError):
        client.run("image", "inspect", BASE_IMAGE)
        return
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="stack-base-", dir=CACHE))
    try:
        root = folder / "root"
        _unpack(root, folder / "log")
        # As in the official image; and the certificates by which this machine knows its package index.
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc/ssl/certs/ca-certificates.crt")
        shutil.rmtree(root / "var/cache/apt/archives")
        _import(client, root)
    finally:
        unmount(folder)
        # Nothing of the machine's is in there, or it would be deleted, too.
        if not mounts_below(folder):
            shutil.rmtree(folder)
    print(f"base image from Debian's packages: {time.monotonic() - started:.0f} s")


def _unpack(root: Path, log: Path) -> None:
    """Let debootstrap make a system; ended early, it takes all that it started with it."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "TERM", "--"),
                *("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root)),
            ],
            # A system that the tests throw away need not survive the machine's end.
            env={**os.environ, "DPKG_FORCE": "unsafe-io"},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        status = process.wait(_SECONDS)
    except BaseException:
        _end(process)
        raise
    if status:
        raise RuntimeError(f"debootstrap: {log.read_text(errors='replace')[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all others of its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)


def _import(client: DockerClient, root: Path) -> None:
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
        client.run(
            *("import", "--change", "LABEL org.opinionlens.stand-in=debootstrap", "-", BASE_IMAGE),
            seconds=600,
            stdin=tar.stdout,
        )
        if tar.wait(60):
            raise RuntimeError("tar could not pack the base image")
