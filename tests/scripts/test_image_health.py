"""`scripts/image_health.py` on a client of Docker that runs nothing, and an app that is real."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.app_server import AppServer
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
# Tells of each call; the states of the container come from a file, one for each look.
DOCKER = """#!/bin/bash
echo "$*" >> calls
case "$1" in
  run) if [ "$2" = --rm ]; then echo "$STAGES"; else echo c0ffee; fi; exit "${RUN_STATUS:-0}" ;;
  inspect) head -n 1 states; sed -i '1{$!d}' states ;;
  port) printf '%s\\n' "$ADDRESS" '[::1]:1' ;;
  logs) echo "the container's last words" ;;
esac
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An app as the image starts it: without settings and without a model."""
    server = AppServer(tmp_path_factory.mktemp("app"))
    server.start()
    try:
        server.wait_for("/health")
        yield f"127.0.0.1:{server.port}"
    finally:
        server.kill()


@pytest.fixture
def check(tmp_path):
    def run(kind, *, states=("running healthy",), **variables):
        (tmp_path / "docker").write_text(DOCKER)
        (tmp_path / "docker").chmod(0o755)
        (tmp_path / "states").write_text("".join(f"{state}\n" for state in states))
        environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", **variables}
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "image_health.py", kind, "image:built"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done, (tmp_path / "calls").read_text().splitlines()

    return run


def test_an_app_that_gets_healthy_is_asked_and_removed(check, app):
    done, calls = check("api", ADDRESS=app)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.splitlines()[-1] == "image:built is well."
    assert calls[0] == "run --detach --publish 127.0.0.1::8000 image:built"
    assert calls[-1] == "rm --force c0ffee"


def test_it_waits_while_the_container_starts(check, app):
    done, calls = check(
        "api", states=("running starting", "running starting", "running healthy"), ADDRESS=app
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len([call for call in calls if call.startswith("inspect")]) == 3


@pytest.mark.parametrize("state", ["running unhealthy", "exited unhealthy", "exited starting"])
def test_a_container_that_does_not_get_healthy_tells_why(check, state):
    done, calls = check("api", states=("running starting", state))
    assert done.returncode == 1
    assert done.stderr == f"the container is {state}, not healthy\n"
    assert "the container's last words" in done.stdout
    assert calls[-1] == "rm --force c0ffee"


def test_an_app_that_does_not_answer_is_a_failure(check):
    done, calls = check("api", ADDRESS=f"127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "image:built does not answer as it should" in done.stderr
    assert calls[-1] == "rm --force c0ffee"


def test_training_knows_its_stages(check):
    done, calls = check("training", STAGES="fetch_data\ntune_sklearn")
    assert (done.returncode, done.stdout) == (0, "image:built is well.\n")
    assert calls == ["run --rm image:built dvc stage list --name-only"]


def test_training_without_its_stage_is_a_failure(check):
    done, _ = check("training", STAGES="fetch_data")
    assert (done.returncode, done.stderr) == (1, "image:built knows no stage tune_sklearn: fetch_data\n")


def test_an_image_that_cannot_be_started_is_a_failure(check):
    done, _ = check("training", RUN_STATUS="125", STAGES="no such image")
    assert (done.returncode, done.stderr) == (1, "docker run: no such image\n")
