"""The image of the Hugging Face Space, built from the folder that is uploaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.stack.base_image import make_base_image
from tests.stack.engine import images_are_pulled
from tests.stack.places import CACHE, ROOT
from tests.stack.project import index_settings

IMAGE = "stack-tests-space"


def built_wheel(folder: Path) -> Path:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable,
         "--out-dir", folder, ROOT],
        check=True, timeout=300,
    )  # fmt: skip
    return next(folder.glob("opinionlens-*.whl"))


@pytest.fixture(scope="module")
def image(docker, write_word_model, tmp_path_factory):
    """The built image, with a model that knows a word of its own."""
    folder = tmp_path_factory.mktemp("space")
    write_word_model(folder / "classifier", {"glorp": 3.0})
    wheel = built_wheel(folder / "dist")
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "space.py", folder / "classifier", wheel, folder / "space"],
        check=True, timeout=120,
    )  # fmt: skip
    options = []
    if not images_are_pulled():
        CACHE.mkdir(parents=True, exist_ok=True)
        make_base_image(docker)
        (folder / "pip.conf").write_text(index_settings()["pip_conf"])
        options = ["--network", "host", "--secret", f"id=pip_conf,src={folder / 'pip.conf'}"]
    docker.run("build", *options, "--tag", IMAGE, str(folder / "space"), seconds=900)
    yield IMAGE
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
