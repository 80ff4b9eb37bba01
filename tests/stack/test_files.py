"""What needs no engine: what Compose makes of our files."""

import re

import pytest
import yaml
from tests.stack.compose import Compose
from tests.stack.docker_client import DockerClient
from tests.stack.places import ROOT
from tests.stack.project import Project
from tests.stack.shortened import SCRAPE_SECONDS

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


def delays(folder):
    """Return for how many seconds each alert of a folder has to hold before it is told."""
    units = {"s": 1, "m": 60, "h": 3600}
    rules = [
        rule
        for path in (folder / "rules").glob("*.yaml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]
    told = {rule["alert"]: rule.get("for", "0s") for rule in rules if "alert" in rule}
    return {name: int(text[:-1]) * units[text[-1]] for name, text in told.items()}


def test_a_cause_is_told_before_its_effect_with_shorter_times_too(project):
    """Or the effect is told first now and then, and a test of what is held back fails."""
    given, shorter = delays(ROOT / "prometheus"), delays(project.folder / "prometheus")
    held = yaml.safe_load((ROOT / "prometheus" / "alertmanager.yml").read_text())["inhibit_rules"]
    causes_and_effects = {
        (cause, effect)
        for rule in held
        for cause in re.findall(r'alertname="(\w+)"', " ".join(rule["source_matchers"]))
        for effect in re.findall(r"[A-Z]\w+", " ".join(rule["target_matchers"]))
    }
    later = [(cause, effect) for cause, effect in causes_and_effects if given[effect] >= 5 * given[cause]]
    assert ("DatabaseUnreachable", "RegistryUnreachable") in later
    for cause, effect in later:
        assert shorter[effect] - shorter[cause] >= 2 * SCRAPE_SECONDS, (cause, effect)
