"""What needs no engine: Compose's, Prometheus' and Alertmanager's own look at our files."""

import os
import subprocess

import pytest
from tests.stack import programs
from tests.stack.compose import Compose
from tests.stack.docker_client import DockerClient
from tests.stack.places import ROOT
from tests.stack.project import Project

PROFILES = ((), ("training",), ("load",), ("small",), ("training", "load", "small"))
ALWAYS = {"opinionlens", "mlflow", "postgres", "traefik", "prometheus", "alertmanager", "grafana"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("files"))
    made.write()
    return made


@pytest.fixture
def compose(project):
    return Compose(DockerClient("unix:///nobody/listens.sock"), project.folder, "stack-tests-files")


@pytest.mark.parametrize("profiles", PROFILES, ids="+".join)
def test_compose_reads_the_files_with_every_profile(compose, profiles):
    services = compose.config(*profiles)["services"]
    assert set(services) >= ALWAYS
    assert [name for name, service in services.items() if service.get("privileged")] == []
    assert [name for name, service in services.items() if "docker.sock" in str(service.get("volumes"))] == []
    for service in services.values():
        assert not service["image"].endswith(":latest")
        assert ":" in service["image"]


@pytest.mark.parametrize(
    "name",
    [
        "POSTGRES_PASSWORD",
        "OPINIONLENS_DB_PASSWORD",
        "MLFLOW_AUTH_ADMIN_PASSWORD",
        "GF_SECURITY_ADMIN_PASSWORD",
    ],
)
def test_an_empty_secret_is_named(project, name):
    compose = Compose(DockerClient("unix:///nobody"), project.folder, "stack-tests-files", {name: ""})
    with pytest.raises(RuntimeError, match=rf"{name}.*make stack"):
        compose.config()


def test_the_bare_command_starts_nothing(project):
    compose = Compose(
        DockerClient("unix:///nobody"), project.folder, "stack-tests-files", files=("compose.yaml",)
    )
    with pytest.raises(RuntimeError, match="make stack"):
        compose.config()


def checked(package, program, *arguments):
    """Run a program of a Debian package on our files."""
    done = subprocess.run(
        [programs.debian_package(package) / "usr/bin" / program, *arguments],
        cwd=ROOT / "prometheus",
        env={**os.environ, "DOCS_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_configuration_and_rules():
    assert "SUCCESS" in checked("prometheus", "promtool", "check", "config", "prometheus.yml")


def test_promtool_runs_the_rules_tests():
    files = sorted((ROOT / "prometheus" / "tests").glob("*.yaml"))
    assert files
    assert "SUCCESS" in checked("prometheus", "promtool", "test", "rules", *map(str, files))


def test_amtool_accepts_the_configuration():
    assert "SUCCESS" in checked("prometheus-alertmanager", "amtool", "check-config", "alertmanager.yml")
