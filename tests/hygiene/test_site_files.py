"""The files of a server with a domain: what Compose and Traefik make of them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.hygiene.test_stack_files import BIN, JOBS, ROOT, SECRETS, compose

from opinionlens.accounts.tools import Tool
from opinionlens.base.setting_groups import SecuritySettings, SiteSettings
from opinionlens.base.settings import setting_names

TOOLS = {"mlflow", "grafana", "prometheus", "alertmanager", "traefik"}
SITE = ROOT / "traefik" / "site"
SHARED = ROOT / "traefik" / "dynamic" / "shared"


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docker", folder / "docker")
    for name in ("compose.yaml", "compose.local.yaml"):
        shutil.copy(ROOT / name, folder)
    for name in ("env", "env.prod", "env.stage", "env.build"):
        text = (ROOT / name).read_text()
        for secret in (*SECRETS, "SECURITY__ADMIN_PASSWORD"):
            text = re.sub(rf"^{secret}=$", f"{secret}=only-{secret.lower()}", text, flags=re.MULTILINE)
        (folder / f".{name}").write_text(f"{text}\nSEEN_{name.upper().replace('.', '_')}=1\n")
    with (folder / ".env").open("a") as file:
        file.write("DOMAIN=example.com\n")
    return folder


@pytest.fixture(scope="module")
def services(clone):
    done = compose(clone, "config", "--format", "json")
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
    assert first == second
    assert first["environment"]["API__DRAIN_SECONDS"] == "5"
    # Draining and 20 seconds for open answers fit in.
    assert first["stop_grace_period"] == "45s"


def test_the_app_is_in_production_and_knows_its_names(services):
    environment = services["opinionlens"]["environment"]
    grouped = {key for key in environment if "__" in key}
    assert grouped <= set(setting_names())
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


def test_each_container_gets_its_own_secrets_only(services):
    holders = {
        "MLFLOW_APP_PASSWORD": {"mlflow-users", "opinionlens", "opinionlens-2", "migrate", "traefik"},
        "OPERATIONS_PASSWORD": {"traefik"},
        "POSTGRES_PASSWORD": {"postgres"},
        "MLFLOW_AUTH_ADMIN_PASSWORD": {"mlflow", "mlflow-migrate", "mlflow-users", "worker"},
        "GF_SECURITY_ADMIN_PASSWORD": {"grafana"},
        "SECURITY__ADMIN_PASSWORD": {"opinionlens", "opinionlens-2", "migrate", "worker"},
    }
    for secret, expected in holders.items():
        value = f"only-{secret.lower()}"
        has = {name for name, service in services.items() if value in json.dumps(service)}
        assert has == expected, secret


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
        assert read <= set(services["traefik"]["environment"])
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
