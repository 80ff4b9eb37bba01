"""The image of the Hugging Face Space, built from the folder that is uploaded."""

import json
import subprocess
import sys

import pytest
from tests.stack.places import ROOT
from tests.stack.space import IMAGE


@pytest.fixture(scope="module")
def image(docker, coming_space):
    yield coming_space.result(900)
    docker.status("image", "rm", "--force", IMAGE)


@pytest.fixture
def network(docker):
    """The private engine has no network of its own."""
    docker.run("network", "create", IMAGE)
    yield IMAGE
    docker.run("network", "rm", IMAGE)


def test_it_gets_healthy_and_answers_all_that_users_rely_on(image, network, docker):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "image_health.py", "space", image, "--network", network],
        env=docker.environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{image} is well." in done.stdout


def test_its_own_model_answers_as_an_ordinary_user(image, docker):
    script = "import opinionlens; print(opinionlens.load('/opt/model').predict('glorp glorp').label)"
    told = docker.run(
        "run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", script, seconds=120
    )
    assert told.split() == ["POSITIVE"]
    assert (
        docker.run("run", "--rm", "--network", "none", "--entrypoint", "id", image, "-u", seconds=60).strip()
        == "1000"
    )
    ports = json.loads(docker.run("image", "inspect", "--format", "{{json .Config.ExposedPorts}}", image))
    assert list(ports) == ["7860/tcp"]
