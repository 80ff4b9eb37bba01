"""Try a built image before it is pushed: `api` and `space` as servers, `training` as the pipeline's home.

    python scripts/image_health.py api opinionlens:local

The app has to call itself healthy and to answer all that users rely on (`scripts/smoke.py`); training has to
know its stages. Needs only Python and Docker. The status is 1 when something is not as it should be.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

SMOKE = Path(__file__).with_name("smoke.py")
HEALTHY_SECONDS = 120
COMMAND_SECONDS = 300
# Between two looks at the container's state.
PAUSE_SECONDS = 1.0
STAGE = "tune_sklearn"
STATE = "{{.State.Status}} {{.State.Health.Status}}"


class IllImageError(Exception):
    """An image that is not fit to be pushed."""


def docker(*words: str) -> str:
    """Run Docker's client and return its output."""
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    if done.returncode:
        raise IllImageError(f"docker {words[0]}: {done.stdout}{done.stderr}".strip())
    return done.stdout.strip()


def check_training(image: str, _network: str | None) -> None:
    """Ask for the stages that the image holds."""
    stages = docker("run", "--rm", image, "dvc", "stage", "list", "--name-only").split()
    if STAGE not in stages:
        raise IllImageError(f"{image} knows no stage {STAGE}: {' '.join(stages)}")


def check_app(image: str, network: str | None) -> None:
    """Try the app without settings; without a registry only the word list answers."""
    check_server(image, network, 8000, "--word-list")


def check_space(image: str, network: str | None) -> None:
    """Try the Space, which has a model of its own."""
    check_server(image, network, 7860, "--any-label")


def check_server(image: str, network: str | None, port: int, *options: str) -> None:
    """Start a server without settings, wait for its health check and ask it."""
    joined = ("--network", network) if network else ()
    container = docker("run", "--detach", "--publish", f"127.0.0.1::{port}", *joined, image)
    try:
        wait_until_healthy(container)
        address = docker("port", container, f"{port}/tcp").splitlines()[0]
        asked = [sys.executable, str(SMOKE), f"http://{address}", *options]
        if subprocess.run(asked, timeout=COMMAND_SECONDS, check=False).returncode:
            raise IllImageError(f"{image} does not answer as it should")
    except IllImageError:
        subprocess.run(["docker", "logs", "--tail", "50", container], timeout=COMMAND_SECONDS, check=False)
        raise
    finally:
        docker("rm", "--force", container)


def wait_until_healthy(container: str) -> None:
    """Wait until the container's own health check succeeds."""
    end = time.monotonic() + HEALTHY_SECONDS
    while (state := docker("inspect", "--format", STATE, container)) != "running healthy":
        if not state.startswith("running") or state.endswith("unhealthy") or time.monotonic() > end:
            raise IllImageError(f"the container is {state}, not healthy")
        time.sleep(PAUSE_SECONDS)


CHECKS = {"api": check_app, "space": check_space, "training": check_training}


def main(arguments: list[str] | None = None) -> int:
    """Check the image, and return the status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=sorted(CHECKS))
    parser.add_argument("image")
    parser.add_argument("--network", help="that the container joins; the engine's own unless given")
    options = parser.parse_args(arguments)
    try:
        CHECKS[options.kind](options.image, options.network)
    except IllImageError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.image} is well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
