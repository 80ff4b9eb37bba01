"""The files of a server with a domain: what Compose and Traefik make of them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from scripts.stack.env_files import SITE_TEMPLATES, ensure
from scripts.stack.secret_files import secrets_of
from tests.hygiene.test_stack_files import BIN, JOBS, ROOT, SECRETS, compose

from opinionlens.accounts.tools import Tool
from opinionlens.base.secret_files import NAMES
from opinionlens.base.setting_groups import SecuritySettings, SiteSettings
from opinionlens.base.settings import Settings, setting_names

TOOLS = {"mlflow", "grafana", "prometheus", "alertmanager", "traefik"}
SITE = ROOT / "traefik" / "site"
SHARED = ROOT / "traefik" / "dynamic" / "shared"
AIRFLOW = (
    *("AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_SECRET_KEY", "AIRFLOW_CONN_DRIFT_DB"),
    *("AIRFLOW_TRAINING_TOKEN", "AIRFLOW_WEBHOOK_URL"),
)
OTHER_SECRETS = (
    *("SECURITY__ADMIN_PASSWORD", "SECURITY__ADMIN_KEY", "DRIFT__DB_URI", "MLFLOW__REMOTE_PASSWORD"),
    *("MLFLOW_S3_SECRET_ACCESS_KEY", "ALERT_WEBHOOK_URL", "ALERT_SLACK_URL", "ALERT_SMTP_PASSWORD"),
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docker", folder / "docker")
    for name in ("compose.yaml", "compose.local.yaml"):
        shutil.copy(ROOT / name, folder)
    for name in ("env", "env.prod", "env.stage", "env.build"):
        text = (ROOT / name).read_text()
        for secret in (*SECRETS, *OTHER_SECRETS, *AIRFLOW):
            text = re.sub(rf"^{secret}=$", f"{secret}=only-{secret.lower()}", text, flags=re.MULTILINE)
        (folder / f".{name}").write_text(f"{text}\nSEEN_{name.upper().replace('.', '_')}=1\n")
    with (folder / ".env").open("a") as file:
        # Those of programs on the machine itself, which no template names.
        file.write("DOMAIN=example.com\nHF_TOKEN=only-here\nMLFLOW_TRACKING_PASSWORD=only-here\n")
        file.write("DRIFT_DB_URI=postgresql://only-here\n")
    return folder


@pytest.fixture(scope="module")
def services(clone):
    done = compose(clone, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


@pytest.fixture(scope="module")
def every_service(clone):
    """Those of the profiles, too; `small` is for one's own machine."""
    words = ("--profile", "training", "--profile", "airflow", "--profile", "load")
    done = compose(clone, *words, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["services"]


@pytest.fixture(scope="module")
def routes():
    """Return all that Traefik reads, by kind and name, as YAML."""
    found = {}
    for path in (*SITE.glob("*.yaml"), *SHARED.glob("*.yaml")):
        for kind, named in yaml.safe_load(path.read_text()).get("http", {}).items():
            both = found.setdefault(kind, {}).keys() & named.keys()
            assert not both, "two files name the same thing"
            found[kind] |= named
    return found


def test_one_variable_brings_up_the_local_services_and_a_second_app(clone, services):
    local = compose(clone, "-f", "compose.local.yaml", "config", "--services")
    assert set(services) - set(local.stdout.split()) == {"opinionlens-2", "traefik-storage"}
    assert set(local.stdout.split()) <= set(services)


def test_nothing_but_traefik_is_published(services):
    ports = {
        name: [port["target"] for port in service.get("ports", ())] for name, service in services.items()
    }
    assert {name: found for name, found in ports.items() if found} == {"traefik": [80, 443]}


def test_each_service_is_confined(services):
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("cap_add", []) == (["CHOWN"] if name == "traefik-storage" else []), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert int(service["mem_limit"]) >= 64 * 2**20, name
        assert service["pids_limit"] == 256, name
        assert service["logging"]["options"] == {"max-file": "3", "max-size": "10m"}, name
        lasting = name not in {*JOBS, "traefik-storage"}
        assert service["restart"] == ("unless-stopped" if lasting else "no"), name
        assert "docker.sock" not in json.dumps(service.get("volumes", ())), name


def test_both_services_of_the_app_are_the_same_but_for_the_name(services):
    first, second = (dict(services[name]) for name in ("opinionlens", "opinionlens-2"))
    assert first.pop("build")
    assert second.pop("pull_policy") == "never"
    assert first == second
    assert first["environment"]["API__DRAIN_SECONDS"] == "5"
    # Draining and 20 seconds for open answers fit in.
    assert first["stop_grace_period"] == "45s"


def test_no_registry_is_asked_for_an_image_that_is_built_here(services):
    """`make site` fetches before it builds: on an empty server a question for such an image would end it."""
    built = {service["image"] for service in services.values() if "build" in service}
    others = {name: one for name, one in services.items() if "build" not in one and one["image"] in built}
    assert {name: one.get("pull_policy") for name, one in others.items()} == {"opinionlens-2": "never"}


def test_the_app_is_in_production_and_knows_its_names(services):
    environment = services["opinionlens"]["environment"]
    grouped = {key for key in environment if "__" in key}
    assert grouped <= {*setting_names(), *(f"{name}_FILE" for name in NAMES)}
    assert environment["ENV"] == "prod"
    hosts = SecuritySettings(trusted_hosts=environment["SECURITY__TRUSTED_HOSTS"]).host_patterns
    assert hosts == ("example.com", "localhost", "127.0.0.1", "opinionlens", "opinionlens-2")
    site = SiteSettings(
        **{
            key.removeprefix("SITE__").lower(): value
            for key, value in environment.items()
            if key.startswith("SITE__")
        }
    )
    assert site.url == "https://example.com"
    assert {tool.value: getattr(site, f"{tool}_url") for tool in Tool} == {
        tool: f"https://{tool}.example.com" for tool in TOOLS
    }


def test_settings_of_a_stage_are_not_read(services):
    for name in ("opinionlens", "opinionlens-2", "worker", "migrate"):
        seen = {key for key in services[name]["environment"] if key.startswith("SEEN_")}
        assert seen == {"SEEN_ENV", "SEEN_ENV_PROD"}, name


def test_each_container_gets_its_own_secrets_only(every_service):
    app = {"opinionlens", "opinionlens-2", "migrate"}
    jobs = {"worker", "training", "airflow"}
    holders = {
        "MLFLOW_APP_PASSWORD": {*app, "mlflow-users", "traefik"},
        "OPERATIONS_PASSWORD": {"traefik"},
        "POSTGRES_PASSWORD": {"postgres"},
        "OPINIONLENS_DB_PASSWORD": {"postgres"},
        "DATABASE__URL": {*app, *jobs},
        "MLFLOW_DB_PASSWORD": {"mlflow", "mlflow-migrate", "postgres"},
        "DATA_SOURCE_PASS": {"postgres", "postgres-exporter"},
        "MLFLOW_AUTH_ADMIN_PASSWORD": {*jobs, "mlflow", "mlflow-migrate", "mlflow-users"},
        "MLFLOW_FLASK_SERVER_SECRET_KEY": {"mlflow", "mlflow-migrate"},
        "MLFLOW_S3_SECRET_ACCESS_KEY": {"mlflow", "mlflow-migrate"},
        "GF_SECURITY_ADMIN_PASSWORD": {"grafana"},
        "SECURITY__ADMIN_PASSWORD": {*app, *jobs},
        "SECURITY__ADMIN_KEY": {*app, *jobs},
        "DRIFT__DB_URI": {*app, *jobs},
        "DRIFT_DB_URI": {*app, *jobs},
        **{
            name: {"alertmanager"} for name in ("ALERT_WEBHOOK_URL", "ALERT_SLACK_URL", "ALERT_SMTP_PASSWORD")
        },
        **{name: {"airflow"} for name in AIRFLOW},
    }
    has = {}
    for name, service in every_service.items():
        for secret in service.get("secrets", ()):
            has.setdefault(secret["source"], set()).add(name)
    assert has == holders


def test_no_secret_stands_in_what_the_engine_shows(every_service):
    """That is environment, command and labels of each container, also of the profiles."""
    for name, service in every_service.items():
        assert "only-" not in json.dumps(service), name


def test_whatever_may_hold_a_secret_comes_from_a_file(every_service):
    """The app's files of settings reach its containers whole: of their secrets nothing may be left."""
    fields = {
        f"{group}__{field}".upper()
        for group, model in Settings.model_fields.items()
        for field, kind in getattr(model.annotation, "model_fields", {}).items()
        if "SecretStr" in str(kind.annotation)
    }
    assert fields == {
        *("DATABASE__URL", "DRIFT__DB_URI", "MLFLOW__REMOTE_PASSWORD"),
        *("SECURITY__ADMIN_KEY", "SECURITY__ADMIN_PASSWORD"),
    }
    for name in ("opinionlens", "opinionlens-2", "migrate", "worker", "training", "airflow"):
        environment = every_service[name]["environment"]
        targets = {
            one.get("target", one["source"]).rpartition("/")[2] for one in every_service[name]["secrets"]
        }
        for field in (*fields, "DRIFT_DB_URI", "MLFLOW_TRACKING_PASSWORD", "HF_TOKEN"):
            assert environment[field] == "", (name, field)
        for field in fields:
            assert environment[f"{field}_FILE"] == f"/run/secrets/{field}"
            assert field in targets


def test_every_named_file_is_mounted_and_made(clone, every_service):
    for name, service in every_service.items():
        mounted = {
            f"/run/secrets/{one.get('target', one['source']).rpartition('/')[2]}"
            for one in service.get("secrets", ())
        }
        named = {value for key, value in (service.get("environment") or {}).items() if key.endswith("_FILE")}
        assert {value for value in named if value.startswith("/run/secrets/")} == mounted, name
    done = compose(clone, "--profile", "*", "config", "--format", "json")
    files = {name: Path(one["file"]) for name, one in json.loads(done.stdout)["secrets"].items()}
    assert {path.parent for path in files.values()} == {clone / ".secrets"}
    assert all(path.name == name for name, path in files.items())
    made = secrets_of(ensure(clone, templates=SITE_TEMPLATES), {})
    assert set(made) == set(files)


def test_a_changed_secret_replaces_the_containers_that_have_any(clone, tmp_path, every_service):
    shutil.copytree(clone, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".secrets").mkdir()
    (tmp_path / ".secrets" / "changed.env").write_text("SECRETS_CHANGED=now\n")
    done = compose(tmp_path, "config", "--format", "json")
    services = json.loads(done.stdout)["services"]
    told = {name for name, one in services.items() if (one.get("environment") or {}).get("SECRETS_CHANGED")}
    assert told == {name for name, one in services.items() if one.get("secrets")}


def test_links_lead_to_the_sites_names(services):
    assert services["grafana"]["environment"]["GF_SERVER_ROOT_URL"] == "https://grafana.example.com"
    assert "--web.external-url=https://prometheus.example.com" in services["prometheus"]["command"]
    assert "--web.external-url=https://alertmanager.example.com" in services["alertmanager"]["command"]
    assert "mlflow.example.com" in services["mlflow"]["environment"]["MLFLOW_SERVER_ALLOWED_HOSTS"]


def test_grafana_believes_a_name_and_only_traefik_and_what_measures_reaches_it(services):
    assert services["grafana"]["environment"]["GF_AUTH_PROXY_ENABLED"] == "true"
    assert list(services["grafana"]["networks"]) == ["monitoring"]
    assert {name for name, each in services.items() if "monitoring" in each.get("networks", {})} == {
        *("grafana", "prometheus", "traefik")
    }


def test_prometheus_asks_the_second_app_and_on_ones_own_machine_does_not(clone, services):
    mounts = {volume["target"]: volume["source"] for volume in services["prometheus"]["volumes"]}
    assert mounts["/etc/prometheus-targets"] == f"{clone}/prometheus/targets"
    (target,) = yaml.safe_load((ROOT / "prometheus" / "targets" / "app.yaml").read_text())
    assert target == {"targets": ["opinionlens-2:8000"]}
    local = compose(clone, "-f", "compose.local.yaml", "config").stdout
    assert "prometheus-targets" not in local


def test_without_a_domain_nothing_starts(clone, tmp_path):
    shutil.copytree(clone, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "env", tmp_path / ".env")
    done = compose(tmp_path, "config")
    assert done.returncode != 0
    assert "this file is for a server that has a domain" in done.stderr


class TestTraefik:
    def test_every_route_is_by_https_but_its_own_questions(self, routes):
        doors = {name: router["entryPoints"] for name, router in routes["routers"].items()}
        assert doors.pop("login-questions") == ["login"]
        assert set(map(tuple, doors.values())) == {("websecure",)}

    def test_every_route_names_one_host_of_the_domain(self, routes):
        for name, router in routes["routers"].items():
            if name != "login-questions":
                assert re.match(r'Host\(`([a-z]+\.)?\{\{ env "DOMAIN" \}\}`\)', router["rule"]), name

    def test_everything_that_is_named_is_there(self, routes):
        for name, router in routes["routers"].items():
            assert set(router["middlewares"]) <= routes["middlewares"].keys(), name
            assert router["service"] in {*routes["services"], "api@internal", "noop@internal"}, name
        for name, service in routes["services"].items():
            assert service["loadBalancer"]["serversTransport"] in routes["serversTransports"], name

    def test_every_tool_asks_the_app_or_a_password(self, routes):
        for tool in TOOLS:
            mine = {
                name: router
                for name, router in routes["routers"].items()
                if f'`{tool}.{{{{ env "DOMAIN" }}}}`' in router["rule"]
            }
            assert len(mine) == 3
            for name, router in mine.items():
                used = set(router["middlewares"])
                assert "hsts" in used
                if "Authorization" in router["rule"] or "basic-login" in router["rule"]:
                    # MLflow knows its own users.
                    assert tool == "mlflow" or "operations-login" in used, name
                    # The cookie of the app's login is for Traefik alone.
                    assert {"no-cookies", "to-front"} & used, name
                else:
                    assert f"login-{tool}" in used, name
                    asked = routes["middlewares"][f"login-{tool}"]["forwardAuth"]
                    assert asked["address"] == f"http://127.0.0.1:8083/auth/forward/{tool}"
                    assert asked["authResponseHeaders"] == ["X-WEBAUTH-USER", "X-WEBAUTH-ROLE", "Cookie"]
                    # Nothing that a client could use to choose the host.
                    assert asked["trustForwardHeader"] is False

    def test_a_client_chooses_no_name_on_any_way_to_grafana(self, routes):
        named = routes["middlewares"]["operations-user"]["headers"]["customRequestHeaders"]
        assert set(named) == {"X-WEBAUTH-USER", "X-WEBAUTH-ROLE"}
        for name, router in routes["routers"].items():
            if router["service"] == "grafana":
                assert {"login-grafana", "operations-user"} & set(router["middlewares"]), name

    def test_requests_are_limited_and_both_apps_are_asked_for_their_health(self, routes):
        assert "rate-limit" in routes["routers"]["app"]["middlewares"]
        assert "rate-limit" in routes["routers"]["app-predictions"]["middlewares"]
        for name in ("app", "app-predictions"):
            balancer = routes["services"][name]["loadBalancer"]
            assert balancer["healthCheck"] == {"path": "/health", "interval": "1s", "timeout": "1s"}
            assert [server["url"] for server in balancer["servers"]] == [
                *("http://opinionlens:8000", "http://opinionlens-2:8000")
            ]

    def test_it_reads_only_what_its_container_has(self, services):
        text = "".join(path.read_text() for path in (*SITE.glob("*"), *SHARED.glob("*")))
        read = set(re.findall(r'env "(\w+)"', text))
        assert read <= {name.removesuffix("_FILE") for name in services["traefik"]["environment"]}
        assert "${" not in text.replace("${1}", "")

    def test_certificates_come_from_lets_encrypt_or_where_one_says(self, clone, services):
        command = services["traefik"]["command"]
        start = "--certificatesresolvers.letsencrypt.acme.caserver="
        assert f"{start}https://acme-v02.api.letsencrypt.org/directory" in command
        other = compose(clone, "config", ACME_SERVER="https://pebble:14000/dir").stdout
        assert f"{start}https://pebble:14000/dir" in other
        storage = "--certificatesresolvers.letsencrypt.acme.storage=/var/lib/traefik/acme.json"
        assert storage in command
        (mount,) = [each for each in services["traefik"]["volumes"] if each["target"] == "/var/lib/traefik"]
        assert (mount["type"], mount["source"]) == ("volume", "traefik-data")

    def test_http_leads_to_https_and_the_pages_of_traefik_need_a_login(self, services):
        command = services["traefik"]["command"]
        assert "--entrypoints.web.http.redirections.entrypoint.to=websecure" in command
        assert "--entrypoints.web.http.redirections.entrypoint.permanent=true" in command
        assert "--api.insecure=false" in command

    def test_its_questions_about_logins_come_from_itself(self, services):
        command = services["traefik"]["command"]
        assert "--entrypoints.login.address=127.0.0.1:8083" in command
        assert "--entrypoints.login.forwardedheaders.trustedips=127.0.0.1/32" in command
        believed = [word for word in command if "forwardedheaders" in word]
        assert len(believed) == 1

    def test_it_measures_and_logs_as_on_ones_own_machine(self, services):
        """Two forms of one thing: a file there, words of a command here."""
        local = yaml.safe_load((ROOT / "traefik" / "traefik.yaml").read_text())
        given = (word.removeprefix("--").split("=", 1) for word in services["traefik"]["command"])
        words = {name.lower(): value for name, value in given}
        for group in ("global", "log", "accessLog", "ping", "metrics", "api"):
            for name, value in flat(local[group], group):
                assert words[name.lower()].lower() == value.lower(), name


def flat(value, name):
    """Yield the leaves of nested settings as Traefik's command names them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            # Names of headers keep their case, and are compared without it.
            yield from flat(inner, f"{name}.{key}")
    elif isinstance(value, list):
        yield name, ",".join(map(str, value))
    else:
        yield name, str(value)


def test_the_lists_of_traefik_are_yaml(clone):
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", clone / "compose.yaml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert all(isinstance(yaml.safe_load(path.read_text()), dict) for path in Path(SITE).glob("*.yaml"))
