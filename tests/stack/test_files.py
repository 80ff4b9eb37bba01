"""What needs no engine: what Compose makes of our files."""

import pytest
from tests.stack.compose import Compose
from tests.stack.docker_client import DockerClient
from tests.stack.project import Project

PROFILES = ((), ("training",), ("load",), ("small",), ("airflow",), ("training", "load", "small", "airflow"))
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
