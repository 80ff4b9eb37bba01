"""The files of the stack: what Compose makes of them, and what no service may do."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from opinionlens.base.settings import setting_names

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# The binary itself: the console script of the package ends with status 0 whatever happens.
COMPOSE = Path(importlib.util.find_spec("compose").submodule_search_locations[0]) / "docker-compose"
DOCKERFILES = sorted([ROOT / "Dockerfile", *(ROOT / "docker").glob("Dockerfile.*")])
YAML = sorted(
    [*ROOT.glob("compose*.yaml"), *(ROOT / "docker").glob("*.yaml"), *(ROOT / "traefik").rglob("*.yaml"),
     *(ROOT / "prometheus").rglob("*.y*ml"), *(ROOT / "grafana").rglob("*.y*ml")]
)  # fmt: skip
SECRETS = (
    "POSTGRES_PASSWORD", "OPINIONLENS_DB_PASSWORD", "MLFLOW_DB_PASSWORD", "DATA_SOURCE_PASS",
    "MLFLOW_AUTH_ADMIN_PASSWORD", "MLFLOW_APP_PASSWORD", "MLFLOW_FLASK_SERVER_SECRET_KEY",
    "GF_SECURITY_ADMIN_PASSWORD", "OPERATIONS_PASSWORD",
)  # fmt: skip
# Empty, it stops the profile's own container and nothing else.
AIRFLOW_SECRETS = ("AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_SECRET_KEY")
LASTING = {
    "airflow-data", "app-data", "alertmanager-data", "grafana-data", "mlflow-artifacts", "postgres-data",
    "prometheus-data", "small-data", "training-data",
}  # fmt: skip
JOBS = {"migrate", "mlflow-migrate", "mlflow-users", "training", "load"}


def compose(folder, *words, **environment):
    """Run Compose on the repository's files as a clone has them, without this machine's settings."""
    return subprocess.run(
        [COMPOSE, *words], cwd=folder, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder with the files of Compose, the templates copied as a person copies them, and secrets."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "docker").mkdir()
    for name in (
        "compose.yaml",
        "compose.local.yaml",
        "docker/stack.yaml",
        "docker/site.yaml",
        "docker/secrets.yaml",
        "docker/site.env",
    ):
        (folder / name).write_text((ROOT / name).read_text())
    for name in ("env", "env.stage", "env.build"):
        text = (ROOT / name).read_text()
        for secret in (*SECRETS, *AIRFLOW_SECRETS):
            text = re.sub(rf"^{secret}=$", f"{secret}=only-{secret.lower()}", text, flags=re.MULTILINE)
        (folder / f".{name}").write_text(text)
    return folder


@pytest.fixture(scope="module")
def services(clone):
    done = compose(clone, "-f", "compose.local.yaml", "--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


@pytest.mark.parametrize("profile", ["", "training", "load", "small", "airflow"])
def test_every_profile_can_be_read(clone, profile):
    done = compose(clone, "-f", "compose.local.yaml", "--profile", profile, "config", "--services")
    assert (done.returncode, done.stderr) == (0, "")
    names = set(done.stdout.split())
    assert {"opinionlens", "mlflow", "postgres", "traefik", "prometheus", "alertmanager", "grafana"} <= names
    assert {"node-exporter", "postgres-exporter", "migrate", "worker"} <= names
    extra = {"small": {"opinionlens-small"}, "": set()}
    assert names & {"training", "load", "opinionlens-small", "airflow"} == extra.get(profile, {profile})


@pytest.mark.parametrize("secret", SECRETS)
def test_an_empty_secret_stops_it_and_says_where(clone, secret, tmp_path):
    for path in ("compose.local.yaml", ".env", ".env.stage"):
        (tmp_path / path).write_text((clone / path).read_text())
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "stack.yaml").write_text((clone / "docker" / "stack.yaml").read_text())
    text = (clone / ".env.build").read_text()
    (tmp_path / ".env.build").write_text(re.sub(rf"^{secret}=.*$", f"{secret}=", text, flags=re.MULTILINE))
    done = compose(tmp_path, "-f", "compose.local.yaml", "config")
    assert done.returncode != 0
    assert (
        f"{secret} is missing a value: it is empty. Set it in .env.build, or let `make stack` do so"
        in done.stderr
    )


def test_a_file_of_settings_from_before_airflow_starts_the_rest(clone, tmp_path):
    shutil.copytree(clone, tmp_path, dirs_exist_ok=True)
    lines = (clone / ".env.build").read_text().splitlines()
    (tmp_path / ".env.build").write_text("\n".join(line for line in lines if "AIRFLOW" not in line))
    done = compose(tmp_path, "-f", "compose.local.yaml", "config", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


def test_bare_up_starts_nothing_without_a_domain(clone):
    done = compose(clone, "up")
    assert done.returncode != 0
    assert "On your own machine use `make stack`" in done.stderr


def test_the_template_names_what_the_stack_reads():
    files = [path.read_text() for path in (ROOT / "docker").glob("s*.yaml")]
    # The one variable of a server is not among them: it belongs to .env.
    read = set(re.findall(r"\$\{([A-Z_0-9]+)", "".join(files))) - {"DOMAIN"}
    named = set(re.findall(r"^#? ?([A-Z_0-9]+)=", (ROOT / "env.build").read_text(), flags=re.MULTILINE))
    # Labels come from `make stack`.
    assert read - named == {"OPINIONLENS_VERSION", "OPINIONLENS_REVISION"}
    assert named - read == set()


def test_nothing_is_open_beyond_this_machine(services):
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}
    assert {port["target"] for port in published} == {80, 3000, 5000, 8080, 8082, 9090, 9093}
    assert all("network_mode" not in service and "privileged" not in service for service in services.values())


def test_no_service_gets_the_docker_socket(services):
    mounts = [volume["source"] for service in services.values() for volume in service.get("volumes", ())]
    assert [source for source in mounts if "docker.sock" in source] == []


def test_each_service_is_confined(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert "cap_add" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert int(service["mem_limit"]) >= 64 * 2**20, name
        assert service["pids_limit"] == 256, name
        assert service["logging"]["options"] == {"max-file": "3", "max-size": "10m"}, name
        assert service["restart"] == ("no" if name in JOBS else "unless-stopped"), name


def test_each_lasting_service_has_a_health_check_without_curl(services):
    dockerfiles = {path.name: path.read_text() for path in DOCKERFILES}
    for name, service in services.items():
        if name in JOBS:
            continue
        if "build" in service and "healthcheck" not in service:
            test = dockerfiles[Path(service["build"]["dockerfile"]).name].partition("HEALTHCHECK")[2]
            assert "healthcheck.py" in test, name
        else:
            test = " ".join(service["healthcheck"]["test"])
        assert test, name
        assert "curl" not in test, name


def test_what_must_last_has_a_volume_with_a_name(services):
    mounts = [volume for service in services.values() for volume in service.get("volumes", ())]
    assert {volume["source"] for volume in mounts if volume["type"] == "volume"} == LASTING
    where = {volume["target"] for volume in mounts if volume["type"] == "volume"}
    assert {
        "/var/lib/opinionlens",
        "/var/lib/mlflow/artifacts",
        "/var/lib/postgresql",
        "/prometheus",
    } <= where


def test_order_of_start(services):
    def wanted(name):
        return {other: how["condition"] for other, how in services[name].get("depends_on", {}).items()}

    done = "service_completed_successfully"
    assert wanted("opinionlens") == {"migrate": done, "mlflow-users": done}
    # Without the registry it checks with the version of before.
    assert wanted("worker") == {"migrate": done}
    assert wanted("mlflow-users") == {"mlflow": "service_healthy"}
    assert wanted("airflow") == {"migrate": done, "mlflow": "service_healthy"}
    assert wanted("migrate") == wanted("mlflow-migrate") == {"postgres": "service_healthy"}
    assert wanted("traefik") == wanted("opinionlens-small") == {}


def test_images_are_pinned():
    text = (ROOT / "docker" / "stack.yaml").read_text()
    images = re.findall(r"image: \$\{\w+:-(\S+)\}", text)
    assert len(images) == 12
    tags = [image.rpartition(":")[2] for image in images]
    assert [tag for tag in tags if not re.fullmatch(r"local|v?\d+\.\d+(\.\d+)?(-\w+)?", tag)] == []


def test_each_container_gets_its_own_secrets_only(services):
    holders = {
        "POSTGRES_PASSWORD": {"postgres"},
        # Training reads feedback and reviews there.
        "OPINIONLENS_DB_PASSWORD": {"opinionlens", "migrate", "postgres", "worker", "airflow", "training"},
        "MLFLOW_DB_PASSWORD": {"mlflow", "mlflow-migrate", "postgres"},
        "DATA_SOURCE_PASS": {"postgres", "postgres-exporter"},
        "MLFLOW_AUTH_ADMIN_PASSWORD": {
            *("mlflow", "mlflow-migrate", "mlflow-users", "training", "worker", "airflow")
        },
        "MLFLOW_APP_PASSWORD": {"mlflow-users", "opinionlens", "migrate"},
        "MLFLOW_FLASK_SERVER_SECRET_KEY": {"mlflow", "mlflow-migrate"},
        "GF_SECURITY_ADMIN_PASSWORD": {"grafana"},
        "OPERATIONS_PASSWORD": {"traefik"},
        "AIRFLOW_ADMIN_PASSWORD": {"airflow"},
        "AIRFLOW_SECRET_KEY": {"airflow"},
    }
    for secret, expected in holders.items():
        value = f"only-{secret.lower()}"
        has = {
            name for name, service in services.items() if value in json.dumps(service.get("environment", {}))
        }
        assert has == expected, secret


def test_settings_of_the_app_are_settings(services):
    for name in ("opinionlens", "migrate", "opinionlens-small", "training", "worker", "airflow"):
        grouped = {
            key for key in services[name]["environment"] if "__" in key and not key.startswith("AIRFLOW__")
        }
        assert grouped <= set(setting_names()), name


def test_traefik_knows_the_names_of_the_first_system():
    text = "".join(path.read_text() for path in (ROOT / "traefik" / "dynamic").glob("*.yaml"))
    names = set(re.findall(r'Host\(`(\w+)\.\{\{ env "STACK_DOMAIN" \}\}`\)', text))
    assert names == {"opinionlens", "mlflow", "grafana", "prometheus", "alertmanager", "traefik"}


def test_traefik_reads_only_what_its_container_has(services):
    text = "".join(path.read_text() for path in (ROOT / "traefik" / "dynamic").rglob("*.yaml"))
    assert set(re.findall(r'env "(\w+)"', text)) == set(services["traefik"]["environment"])
    # Compose's variables do not reach files that are mounted.
    assert "${" not in text


def test_dockerfiles_pass_hadolint():
    done = subprocess.run(
        [BIN / "hadolint", *DOCKERFILES, ROOT / "spaces" / "Dockerfile"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_images_run_without_root_and_say_what_they_are(path):
    text = path.read_text()
    assert [int(user) >= 10000 for user in re.findall(r"^USER (\d+):\d+$", text, flags=re.MULTILINE)] == [
        True
    ]
    for label in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in text
    assert re.search(r"^HEALTHCHECK (NONE|--interval)", text, flags=re.MULTILINE)
    # Settings and credentials come when a container starts, or as secrets of the build.
    assert not re.search(r"COPY .*\.env|ARG .*(PASSWORD|TOKEN|SECRET)", text)


def test_little_goes_to_the_engine():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert [name for name in let_in if not (ROOT / name).exists()] == []
    copied = {
        source
        for path in DOCKERFILES
        for line in re.findall(r"^COPY (?!--from)(.+)$", path.read_text(), flags=re.MULTILINE)
        for source in line.split()[:-1]
    }
    tops = {name.partition("/")[0] for name in let_in} | let_in
    assert {
        source for source in copied if source not in tops and source.partition("/")[0] not in tops
    } == set()


def test_yaml_is_in_order():
    done = subprocess.run(
        [BIN / "yamllint", "--strict", "--config-file", ROOT / ".yamllint.yaml", *YAML],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_files_keep_to_the_schema():
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", *ROOT.glob("compose*.yaml"),
         ROOT / "docker" / "stack.yaml"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_traefiks_files_are_yaml_without_its_templates():
    for path in (ROOT / "traefik").rglob("*.yaml"):
        assert yaml.safe_load(path.read_text())
