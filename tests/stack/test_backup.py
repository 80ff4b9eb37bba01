"""`make backup` of the running stack, restored into an empty one beside it."""

import os
import re
import subprocess
import sys

import pytest
from tests.stack.compose import Compose, compose_binary
from tests.support.waiting import wait_until

EMPTY = "stack-tests-restored"
DATABASES = ("opinionlens", "mlflow")
FOLDERS = {
    "mlflow": "/var/lib/mlflow/artifacts",
    "opinionlens": "/var/lib/opinionlens/models",
}
DIGESTS = "cd {} && find . -type f -exec sha256sum {{}} + | sort -k 2"


@pytest.fixture(scope="module")
def empty(stack):
    """The same project under another name: no containers and no volumes yet."""
    compose = Compose(
        stack.compose.docker, stack.project.folder, EMPTY, stack.compose.variables, stack.compose.files
    )
    yield compose
    compose.run("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1", seconds=180)


def command(compose, kept, *words):
    """Run the backup's command in the copy of the repository, for a project."""
    environment = {
        **os.environ,
        **compose.variables,
        "COMPOSE": compose_binary(),
        "COMPOSE_PROJECT_NAME": compose.name,
        "COMPOSE_BAKE": "false",
        "STACK_FILES": "override.json",
        "DOCKER_HOST": compose.docker.host,
        "BACKUP_FOLDER": str(kept),
    }
    done = subprocess.run(
        [sys.executable, "-m", "scripts.backup", *words],
        cwd=compose.folder, env=environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(compose, database):
    """All rows and counters as SQL, in the order in which they lie.

    Without the tables' definitions: the server writes an expression that it has read again in other words.
    """
    dump = ("pg_dump", "--username", database, "--data-only", "--inserts", database)
    text = compose.docker.run("exec", compose.container("postgres"), *dump, seconds=120)
    # A key of its own for each dump.
    return [line for line in text.splitlines() if not re.match(r"\\(un)?restrict ", line)]


def digests(compose, service):
    words = ("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", service)
    return compose.run(*words, "-c", DIGESTS.format(FOLDERS[service]), seconds=120).splitlines()


@pytest.fixture(scope="module")
def kept(stack, served, tmp_path_factory):
    """The folder of a backup, and what its making told; nothing writes while it is compared."""
    folder = tmp_path_factory.mktemp("backups")
    stack.compose.run("stop", "opinionlens", "worker", "mlflow")
    try:
        yield folder, command(stack.compose, folder, "create")
    finally:
        stack.compose.run("start", "mlflow", "opinionlens", "worker")
        stack.compose.wait_until_healthy("mlflow", "opinionlens", "worker", seconds=180)


def test_a_backup_is_restored_into_an_empty_stack(stack, kept, empty, tables):
    folder, told = kept
    assert "POSTGRES_PASSWORD" in told
    assert stack.project.build["POSTGRES_PASSWORD"] not in told
    assert "All parts are those of" in command(empty, folder, "restore")
    # Over itself, too, with what MLflow has besides tables.
    assert "All parts are those of" in command(empty, folder, "restore", "--force")
    for database in DATABASES:
        expected = rows(stack.compose, database)
        assert any(line.startswith("INSERT INTO") for line in expected)
        assert rows(empty, database) == expected
        tables.add("backup", f"{database}: lines compared", len(expected))
    for service in FOLDERS:
        expected = digests(stack.compose, service)
        assert expected
        assert digests(empty, service) == expected
        tables.add("backup", f"{service}: files compared by SHA-256", len(expected))


def test_its_age_reaches_prometheus(kept, prometheus):
    age = "time() - max(opinionlens_backup_last_success_timestamp_seconds)"
    wait_until(
        lambda: (prometheus.value(age) or 1e9) < 900, 60, "node-exporter tells when the last backup was made"
    )
