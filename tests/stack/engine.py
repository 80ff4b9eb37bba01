"""A private Docker engine, for a machine that has none or whose own must not be touched.

It has its own data, sockets and pid file, adds no rule to the machine's firewall, and ends with the tests.
Its networks have no way out, so that builds take the machine's own (`network: host`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.stack.docker_client import DockerClient
from tests.stack.places import CACHE
from tests.support.waiting import wait_until

_START_SECONDS = 60
_STOP_SECONDS = 60
# Docker makes them whatever it is told.
_MADE_OUTSIDE = tuple(
    Path("/run", name) for name in ("docker/plugins", "docker", "containerd/s", "containerd")
)
# Layers of builds that are kept for the next run.
_KEPT_BUILD_CACHE = "10gb"


@contextlib.contextmanager
def engine_in_use() -> Iterator[DockerClient]:
    """An engine: that of STACK_DOCKER_HOST, the machine's own when images are pulled, else a private one."""
    given = os.environ.get("STACK_DOCKER_HOST")
    if given is None and images_are_pulled():
        given = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if given is not None:
        client = DockerClient(given)
        client.run("info")
        yield client
    else:
        with private_engine() as client:
            yield client


def images_are_pulled() -> bool:
    return os.environ.get("STACK_IMAGES") == "pull"


@contextlib.contextmanager
def private_engine() -> Iterator[DockerClient]:
    """An engine of one's own; its images stay in the cache, all else of it is gone at the end."""
    _check_the_machine()
    folder = CACHE / "engine"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another run uses the engine in {folder}: wait for its end") from None
        new = [folder for folder in _MADE_OUTSIDE if not folder.exists()]
        # Short, because the path of a socket has at most 107 bytes.
        sockets = Path(tempfile.mkdtemp(prefix="stack-"))
        process = _start(folder, sockets)
        client = DockerClient(f"unix://{sockets}/docker.sock")
        try:
            _wait(process, client, folder / "dockerd.log")
            try:
                yield client
            finally:
                _empty(client)
        finally:
            _stop(process)
            unmount(sockets)
            unmount(folder)
            left = [*mounts_below(sockets), *mounts_below(folder), *_processes_of(sockets)]
            shutil.rmtree(sockets)
            _remove_empty(new)
        if left:
            raise RuntimeError(f"the engine has ended and left behind: {left}")


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders, unless somebody has put something there."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _check_the_machine() -> None:
    if os.geteuid() != 0:
        raise RuntimeError(
            "A private Docker engine needs root. With a Docker of your own: STACK_IMAGES=pull make test-stack"
        )
    missing = [name for name in ("dockerd", "docker", "debootstrap", "setpriv") if shutil.which(name) is None]
    if missing:
        raise RuntimeError(
            f"{', '.join(missing)} missing here (Debian: apt-get install docker.io debootstrap). "
            "With a Docker of your own: STACK_IMAGES=pull make test-stack"
        )


def _start(folder: Path, sockets: Path) -> subprocess.Popen[bytes]:
    with (folder / "dockerd.log").open("wb") as log:
        return subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "TERM", "--"),  # it ends with this process, even a killed one
                *(
                    "dockerd",
                    "--host",
                    f"unix://{sockets}/docker.sock",
                    "--pidfile",
                    f"{sockets}/dockerd.pid",
                ),
                *("--data-root", str(folder / "data"), "--exec-root", f"{sockets}/exec"),
                *(
                    "--containerd-namespace",
                    "stack-tests",
                    "--containerd-plugins-namespace",
                    "stack-tests-plugins",
                ),
                *("--bridge=none", "--iptables=false", "--ip-masq=false", "--ip-forward=false"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests, which then take the engine down in order
        )


def _wait(process: subprocess.Popen[bytes], client: DockerClient, log: Path) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"dockerd ended: {log.read_text(errors='replace')[-2000:]}")
        with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
            client.run("info", seconds=10)
            return True
        return False

    wait_until(answers, _START_SECONDS, "dockerd answers")


def _empty(client: DockerClient) -> None:
    """Remove all but the images and the youngest layers of builds."""
    with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
        if containers := client.run("ps", "--all", "--quiet").split():
            client.run("rm", "--force", "--volumes", *containers, seconds=120)
        client.run("network", "prune", "--force")
        client.run("volume", "prune", "--force")
        client.run("image", "prune", "--force", seconds=120)
        client.run("builder", "prune", "--force", "--keep-storage", _KEPT_BUILD_CACHE, seconds=120)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def mounts_below(folder: Path) -> list[str]:
    """Return the mount points in a folder, the innermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def unmount(folder: Path) -> None:
    """Unmount all that is mounted in a folder."""
    for point in mounts_below(folder):
        subprocess.run(["umount", "--lazy", point], capture_output=True, timeout=10, check=False)


def _processes_of(sockets: Path) -> list[str]:
    """Return the commands that still run with the engine's folder among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(sockets) in command:
                found.append(command[:200])
    return found
