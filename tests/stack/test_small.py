"""The small form by its command: the app, SQLite and Traefik, from nothing but a model's folder."""

import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from tests.stack.asking import Door
from tests.stack.compose import Compose, compose_binary
from tests.stack.engine import images_are_pulled
from tests.stack.project import Project, copy_repository, index_settings

NAME = "stack-tests-small"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def small(project, host, images, docker, stack):
    """The output of `make stack PROFILE=small`, run where there are no settings yet."""
    copy_repository(project.folder)
    index = {} if images_are_pulled() else index_settings()
    override = project.write_override(["opinionlens-small"], index, receiver=False)
    ports = {name: str(port) for name, port in project.ports.items()}
    variables = {**images, **ports, "MODEL_FOLDER": str(host.folder / "objects" / "classifier")}
    environment = {
        **os.environ,
        **variables,
        "COMPOSE": compose_binary(),
        "COMPOSE_PROJECT_NAME": NAME,
        "STACK_FILES": str(override),
        "DOCKER_HOST": docker.host,
        "COMPOSE_BAKE": "false",
    }
    compose = Compose(docker, project.folder, NAME, variables, ("compose.local.yaml", "override.json"))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "scripts.stack", "up", "--small"],
            cwd=project.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield done.stdout
    finally:
        compose.run("--profile", "*", "down", "--volumes", "--timeout", "1", check=False)


@pytest.fixture(scope="module")
def door(project):
    return Door(project.ports["HTTP_PORT"], "opinionlens.localhost")


def test_the_small_form_answers_with_the_model_of_the_folder(small, door, project):
    assert f"http://127.0.0.1:{project.ports['HTTP_PORT']}" in small
    answer = door.ask("POST", "/api/v1/inference/predict", {"text": "no list knows glorp"})
    assert (answer.status, answer.body["prediction"]) == (200, "POSITIVE")


def test_settings_are_made_with_secrets_for_their_owner_only(small, project):
    for name in (".env", ".env.stage", ".env.build"):
        assert (project.folder / name).stat().st_mode & 0o077 == 0
    lines = (project.folder / ".env.build").read_text().splitlines()
    secrets = [
        line.partition("=")[2] for line in lines if line.partition("=")[0].endswith(("PASSWORD", "_PASS"))
    ]
    filled = [value for value in secrets if value]
    assert len(filled) >= 5
    assert len(set(filled)) == len(filled)


def test_more_than_the_limit_is_refused_and_the_next_second_is_free(small, door):
    """Five requests a second of one address, ten at once."""
    time.sleep(3)
    statuses = Counter(door.ask("GET", "/api/v1/").status for _ in range(40))
    assert set(statuses) == {200, 429}
    assert 10 <= statuses[200] <= 25
    time.sleep(3)
    assert door.ask("GET", "/api/v1/").status == 200
