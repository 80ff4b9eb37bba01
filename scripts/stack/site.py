"""The stack on a server with a domain: `python -m scripts.stack.site up | update | env`.

It needs Python 3.11 and Docker with Compose, and nothing that is installed. An update takes the two services
of the app one after the other: each drains while the other answers, and is replaced only where Traefik sends
requests to the other.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.stack.__main__ import check_engine, wait_for
from scripts.stack.compose_calls import ROOT, Compose, StackError
from scripts.stack.containers import containers_in
from scripts.stack.env_files import FILLED, SITE_TEMPLATES, empty_secrets, ensure
from scripts.stack.secret_files import FOLDER, renew, secrets_of

APPS = ("opinionlens", "opinionlens-2")
# For Traefik to notice a service that has become healthy; it asks every second.
BALANCER_SECONDS = 60.0
POLL_SECONDS = 0.5
_UP = re.compile(
    r'^traefik_service_server_up\{service="app@file",url="http://([\w-]+):\d+"\} 1$', re.MULTILINE
)


def answering(metrics: str) -> set[str]:
    """Return the app's services that Traefik sends requests to, by its metrics."""
    return set(_UP.findall(metrics))


def wait_for_balancer(
    ask: Callable[[], str], service: str, *, seconds: float = BALANCER_SECONDS, poll: float = POLL_SECONDS
) -> None:
    """Wait until Traefik sends requests to a service.

    Raises:
        StackError: It does not within the time; nothing has been stopped.
    """
    until = time.monotonic() + seconds
    while service not in answering(ask()):
        if time.monotonic() > until:
            raise StackError(
                f"Traefik sends no requests to {service}, so the other service of the app stays as it is."
                f" Look at `docker compose logs {service}`."
            )
        time.sleep(poll)


def settle(root: Path) -> None:
    """Make the files of settings that are missing, and those of secrets from them.

    Raises:
        StackError: A secret or the domain is empty.
    """
    files = ensure(root, templates=SITE_TEMPLATES)
    for path in files.made:
        secret = ", with secrets made up; only you can read it" if FILLED[path.name] else ""
        print(f"made {path} from {path.name[1:]}{secret}")
    if not files.setting("DOMAIN", "", os.environ):
        raise StackError("DOMAIN is empty. Put the site's name into .env, for example DOMAIN=example.com.")
    empty = empty_secrets(files.values[".env.build"] | dict(os.environ))
    if empty:
        raise StackError(
            f"Empty in .env.build: {', '.join(empty)}. Give each a value; env.build says what it is for."
        )
    if renew(root, secrets_of(files, os.environ)):
        print(f"made {root / FOLDER} of the secrets in {', '.join(SITE_TEMPLATES)}; only you can read it")


def site() -> Compose:
    """Make what is missing, and return Compose with an engine that answers.

    Raises:
        StackError: A secret or the domain is empty, or Docker does not answer.
    """
    settle(ROOT)
    compose = Compose(os.environ, base="compose.yaml")
    check_engine(compose)
    return compose


def up(*, build: bool) -> None:
    """Build, start everything, and wait until it is healthy.

    Raises:
        StackError: It does not run; the message says why and what to do.
    """
    compose = site()
    services = tuple(compose.ask("config", "--services").split())
    fetch(compose, services, build=build)
    start(compose, services)
    print("It is up. `make update` brings later versions.")


def update(*, build: bool) -> None:
    """Replace what has changed; the app's services one after the other.

    Raises:
        StackError: Something does not become healthy; at least one service of the app goes on answering.
    """
    compose = site()
    running = {one.service for one in containers_in(compose.ask("ps", "--format", "json"))}
    if not running.issuperset(APPS):
        raise StackError("The site is not up; `make site` starts it.")
    services = tuple(compose.ask("config", "--services").split())
    fetch(compose, services, build=build)
    start(compose, tuple(name for name in services if name not in APPS))
    replace_apps(compose)
    print("The site is up to date.")


def replace_apps(compose: Compose) -> None:
    """Replace each service of the app while Traefik sends requests to the other one.

    Raises:
        StackError: One does not become healthy, or Traefik does not take it; the other goes on answering.
    """
    for app, other in zip(APPS, reversed(APPS), strict=True):
        wait_for_balancer(lambda: balancer_metrics(compose), other)
        start(compose, (app,), "--no-deps")
    wait_for_balancer(lambda: balancer_metrics(compose), APPS[-1])


def fetch(compose: Compose, services: Sequence[str], *, build: bool) -> None:
    """Fetch the images that are missing, and build our own."""
    print("Images", flush=True)
    # Of the second service of the app no registry has the image: it is the one that the first one builds.
    fetched = (name for name in services if name != APPS[1])
    compose.show("pull", "--quiet", "--policy", "missing", "--ignore-buildable", *fetched)
    if build:
        compose.show("build", "--quiet", *services)


def start(compose: Compose, services: Sequence[str], *options: str) -> None:
    """Start services, or replace those that have changed, and wait until they are healthy."""
    print(f"Containers: {', '.join(services)}", flush=True)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = compose.start(log, "up", "--detach", "--no-build", *options, *services)
        wait_for(compose, services, process, log)


def balancer_metrics(compose: Compose) -> str:
    """Return what Traefik measures; nothing while it does not answer."""
    try:
        return compose.ask("exec", "-T", "traefik", "wget", "-qO-", "http://127.0.0.1:8082/metrics")
    except StackError:
        return ""


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.stack.site", description=__doc__)
    parser.add_argument("command", choices=("up", "update", "env"), help="env: only make the files")
    parser.add_argument("--no-build", action="store_true", help="take the images as they are")
    given = parser.parse_args(arguments)
    try:
        if given.command == "env":
            settle(ROOT)
        else:
            {"up": up, "update": update}[given.command](build=not given.no_build)
    except (StackError, subprocess.TimeoutExpired) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
