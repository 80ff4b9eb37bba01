"""A site with a domain: compose.yaml in a copy of the repository, with Pebble for Let's Encrypt."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from scripts.stack.env_files import SITE_TEMPLATES, ensure
from scripts.stack.secret_files import CHANGED, FOLDER, renew, secrets_of
from tests.stack.compose import Compose, compose_binary
from tests.stack.docker_client import DockerClient
from tests.stack.engine import images_are_pulled
from tests.stack.places import CACHE, ROOT
from tests.stack.project import Project
from tests.stack.stand_ins import PEBBLE, build
from tests.support.ports import free_port

DOMAIN = "opinions.test"
TOOLS = ("mlflow", "grafana", "prometheus", "alertmanager", "traefik")
HOSTS = (DOMAIN, *(f"{tool}.{DOMAIN}" for tool in TOOLS))
# All but node-exporter, which has no secret and is as in the local stack.
SERVICES = (
    *("pebble", "postgres", "migrate", "mlflow-users", "mlflow", "prometheus", "grafana", "traefik"),
    *("worker", "alertmanager", "postgres-exporter"),
)
APPS = ("opinionlens", "opinionlens-2")
PULLED_PEBBLE = "ghcr.io/letsencrypt/pebble:2.8.0"
_NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
_PEBBLE = {
    "listenAddress": "0.0.0.0:14000",
    "managementListenAddress": "0.0.0.0:15000",
    "certificate": "/pebble/cert.pem",
    "privateKey": "/pebble/key.pem",
    "httpPort": 80,
    "tlsPort": 443,
    "ocspResponderURL": "",
    "externalAccountBindingRequired": False,
}


@dataclass
class SiteProject:
    """The folder of a site, and its ports on this machine."""

    project: Project
    http_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)

    @property
    def folder(self) -> Path:
        return self.project.folder

    def write(self, pebble_image: str) -> None:
        """Write the settings of a server, and what the tests lay over compose.yaml."""
        self.project.write(
            ACME_SERVER="https://pebble:14000/dir",
            SITE_HTTP_PORT=f"127.0.0.1:{self.http_port}",
            SITE_HTTPS_PORT=f"127.0.0.1:{self.https_port}",
        )
        with (self.folder / ".env").open("a") as file:
            file.write(f"DOMAIN={DOMAIN}\n")
        self.write_prod()
        self._write_pebble()
        self.project.write_override(["opinionlens", "mlflow", "worker"], {}, receiver=False)
        path = self.folder / "override.json"
        override = json.loads(path.read_text())
        # As for those that build: no name server here answers for a container that is away.
        first = override["services"]["opinionlens"]
        override["services"]["opinionlens-2"] = {name: first[name] for name in ("dns", "healthcheck")}
        override["services"] |= {
            "pebble": {
                "image": pebble_image,
                "command": ["-config", "/pebble/config.json", "-strict=false"],
                "environment": {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
                "volumes": ["./pebble:/pebble:ro"],
                "networks": ["web"],
            },
            "traefik": {
                "dns": ["127.0.0.1"],
                "environment": {"LEGO_CA_CERTIFICATES": "/pebble/cert.pem"},
                "volumes": ["./pebble:/pebble:ro"],
                # Pebble finds the site by its names.
                "networks": {"web": {"aliases": list(HOSTS)}, "monitoring": {}},
                "depends_on": {"pebble": {"condition": "service_started"}},
            },
        }
        path.write_text(json.dumps(override))

    def write_prod(self, **more: str) -> None:
        """Write the app's settings of a server, and make the files of secrets as `make site` does."""
        own = {
            "SECURITY__ADMIN_PASSWORD": self.project.admin_password,
            "SECURITY__ADMIN_KEY": self.project.admin_key,
        }
        lines = [
            line
            for line in (ROOT / "env.prod").read_text().splitlines()
            if line.partition("=")[0] not in own | more
        ]
        lines += [f"{name}={value}" for name, value in (own | more).items()]
        (self.folder / ".env.prod").write_text("\n".join([*lines, ""]))
        renew(self.folder, secrets_of(ensure(self.folder, templates=SITE_TEMPLATES), {}))

    def secrets(self) -> set[str]:
        """Return what stands in the files of secrets."""
        paths = (path for path in (self.folder / FOLDER).iterdir() if path.name != CHANGED)
        return {text for path in paths if (text := path.read_text())}

    def _write_pebble(self) -> None:
        folder = self.folder / "pebble"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"pebble": _PEBBLE}))
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=pebble", "-addext", "subjectAltName=DNS:pebble"),
                *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
            ],
            capture_output=True,
            timeout=60,
            check=True,
        )
        (folder / "key.pem").chmod(0o644)


@dataclass
class Visit:
    """One answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class _Named(http.client.HTTPSConnection):
    """A connection to a port of this machine under another name, also when it is opened again."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=30)
        self._name, self._tls = name, context

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), 30)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._name)


@dataclass
class SiteBrowser:
    """A browser that believes Pebble's certificates alone, and keeps cookies by host."""

    port: int
    roots: str
    cookies: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def connect(self, host: str) -> http.client.HTTPSConnection:
        """Return a connection to a name of the site, whose certificate is checked."""
        connection = _Named(host, self.port, ssl.create_default_context(cadata=self.roots))
        connection.connect()
        return connection

    def ask(
        self, url: str, method: str = "GET", *, form: dict[str, str] | None = None, **headers: str
    ) -> Visit:
        """Send one request."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies[host].items())
        sent = _NAVIGATION | {"Host": host} | ({"Cookie": jar} if jar else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = None if form is None else urlencode(form)
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = self.connect(host)
        try:
            path = parts.path or "/"
            connection.request(method, f"{path}?{parts.query}" if parts.query else path, body, sent)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for morsel in SimpleCookie(line).values():
                assert morsel["domain"] == "", "no cookie may reach another host"
                self.cookies[host][morsel.key] = morsel.value
        return Visit(response.status, dict(response.headers), text)

    def open(self, url: str) -> Visit:
        """Open a page, and follow where it leads."""
        for _ in range(10):
            visit = self.ask(url)
            if visit.status not in (301, 302, 303):
                return visit
            url = (
                visit.location if visit.location.startswith("https:") else f"https://{DOMAIN}{visit.location}"
            )
        raise AssertionError(f"round and round: {url}")

    def log_in(self, page: Visit, password: str) -> Visit:
        """Fill in the login form, and follow where it leads."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        form = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
        visit = self.ask(
            f"https://{DOMAIN}/login", "POST", form=form | {"username": "admin", "password": password}
        )
        assert visit.status == 303, visit.text
        return self.open(f"https://{DOMAIN}{visit.location}")


@dataclass(frozen=True)
class Site:
    """A site and its containers."""

    project: SiteProject
    compose: Compose

    def bring_up(self, images: dict[str, str]) -> None:
        """Write the settings, start all of it, and wait until it is healthy; our own images are there."""
        self.project.write(PULLED_PEBBLE if images_are_pulled() else build(self.compose.docker, PEBBLE))
        self.compose.variables |= images
        run = self.compose.run
        # The app starts without MLflow, whose first start takes long.
        run("up", "--detach", "--no-build", "pebble", "migrate", seconds=240)
        run("up", "--detach", "--no-build", "--no-deps", *APPS, seconds=120)
        run("up", "--detach", "--no-build", *SERVICES, seconds=240)
        waited_for = (service for service in (*SERVICES, *APPS) if service != "pebble")
        self.compose.wait_until_healthy(*waited_for, seconds=300)

    def remove(self) -> None:
        """Keep the logs, and remove containers, networks and volumes."""
        keep_logs(self.compose, CACHE / "logs-site")
        self.compose.run(
            "--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1", seconds=180
        )


def new_site(docker: DockerClient, folder: Path) -> Site:
    """Return a site of which nothing is there yet."""
    compose = Compose(docker, folder, "site-tests", files=("compose.yaml", "override.json"))
    return Site(SiteProject(Project(folder)), compose)


def replace_apps(site: SiteProject, compose: Compose) -> str:
    """Replace the app's services as `make update` does, with the images that are there."""
    program = (
        "import os; from scripts.stack.site import replace_apps;"
        " from scripts.stack.compose_calls import Compose;"
        " replace_apps(Compose(os.environ, base='compose.yaml'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=site.folder,
        env=compose.environment
        | {
            "COMPOSE": compose_binary(),
            "COMPOSE_PROJECT_NAME": compose.name,
            "STACK_FILES": "override.json",
            "PYTHONPATH": str(site.folder),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pebbles_roots(compose: Compose) -> str:
    """Return the certificate that Pebble signs with, which it makes anew at each start."""
    return compose.python(
        "opinionlens",
        "import ssl, urllib.request as u;"
        " c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE;"
        " print(u.urlopen('https://pebble:15000/roots/0', context=c, timeout=20).read().decode())",
    )


def keep_logs(compose: Compose, folder: Path) -> None:
    """Keep the end of each service's log."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for service in (*SERVICES, *APPS):
        text = compose.run("logs", "--no-color", "--tail", "400", service, check=False)
        (folder / f"{service}.log").write_text(text)


def as_json(visit: Visit) -> Any:
    assert visit.status == 200, visit
    return json.loads(visit.text)
