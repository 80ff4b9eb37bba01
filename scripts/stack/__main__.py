"""Bring the stack up or down: `python -m scripts.stack up | down | env`.

It needs Python 3.11 and Docker with Compose, and nothing that is installed. COMPOSE names another program
than `docker compose`; STACK_FILES names files to lay over compose.local.yaml, with commas between.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO

from scripts.stack.addresses import AIRFLOW, FULL, SMALL, Door, is_taken, logins, resolves, status_of
from scripts.stack.compose_calls import ROOT, Compose, StackError
from scripts.stack.containers import (
    OLDEST_COMPOSE,
    Container,
    State,
    all_settled,
    containers_in,
    is_old,
    news,
)
from scripts.stack.env_files import FILLED, EnvFiles, empty_secrets, ensure

PROFILES = {
    "small": "the app alone, with a model from MODEL_FOLDER",
    "airflow": "Airflow besides, with the daily check as a DAG",
}
# By profile.
DOORS = {"": FULL, "small": SMALL, "airflow": AIRFLOW}
SMALL_SERVICES = ("opinionlens-small", "traefik")
# For containers to become healthy.
START_SECONDS = 600
POLL_SECONDS = 1.0
LOG_LINES = "25"


def check_engine(compose: Compose) -> None:
    """Check that Compose is new enough and that an engine answers it.

    Raises:
        StackError: Something is missing; the message says what to install or start.
    """
    version = compose.ask("version", "--short").strip()
    if is_old(version):
        wanted = ".".join(map(str, OLDEST_COMPOSE))
        raise StackError(f"Docker Compose {version} is too old; {wanted} or later is needed.")
    try:
        compose.ask("ls", "--quiet")
    except StackError as error:
        raise StackError(
            f"Docker does not answer: {error}\n"
            "Install it (https://docs.docker.com/engine/install/) or start it"
            " (`sudo systemctl start docker`), and see that you may use it (group `docker`)."
        ) from None


def check_ports(doors: Sequence[Door], running: set[str], files: EnvFiles) -> None:
    """Check that no other program has the ports.

    Raises:
        StackError: One is taken; the message names the setting that takes another.
    """
    owner = {
        door.port_setting: "traefik" if door.port_setting == "HTTP_PORT" else door.service for door in doors
    }
    for door in doors:
        port = port_of(door, files)
        if owner[door.port_setting] not in running and is_taken(port):
            raise StackError(
                f"Port {port} is taken by another program. Stop it, or set {door.port_setting} in .env.build."
            )


def port_of(door: Door, files: EnvFiles) -> int:
    """Return the port of a door on 127.0.0.1."""
    return int(files.setting(door.port_setting, door.port_default, os.environ))


def answers(status: int | str) -> bool:
    """Return whether a program is there; one that asks for a login is."""
    return isinstance(status, int) and (status < 400 or status == 401)


def in_words(status: int | str) -> str:
    """Return what a person wants to know of a status."""
    return "answers" if answers(status) else f"does not answer: {status}"


def wait_for(compose: Compose, services: Sequence[str], process: subprocess.Popen[str], log: IO[str]) -> None:
    """Wait until all services are well, with a line for each.

    Raises:
        StackError: One has failed, or the time is up; the message ends with what it logged last.
    """
    began = time.monotonic()
    seen: dict[str, State] = {}
    while True:
        try:
            now = containers_in(compose.ask("ps", "--all", "--format", "json", *services))
        except StackError:
            # While Compose makes containers, one may be listed that is not there yet.
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise
            time.sleep(POLL_SECONDS)
            continue
        for one in news(seen, now):
            print(f"  {time.monotonic() - began:5.0f} s  {one.service:18} {one.state.value}", flush=True)
        # With those that begin anew: of a replaced one the earlier state is no news, its own next one is.
        seen |= {one.service: one.state for one in now}
        failed = [one for one in now if one.state is State.FAILED]
        if failed:
            raise StackError(account_of(compose, failed))
        if process.poll():
            log.seek(0)
            raise StackError(f"Compose gave up:\n{log.read()[-3000:]}")
        if process.poll() == 0 and all_settled(services, now):
            return
        if time.monotonic() - began > START_SECONDS:
            raise StackError(account_of(compose, [one for one in now if not one.is_settled]))
        time.sleep(POLL_SECONDS)


def account_of(compose: Compose, failed: Sequence[Container]) -> str:
    """Return what is known about services that failed."""
    lines = []
    for one in failed:
        lines += [
            f"{one.service}: {one.status}",
            compose.ask("logs", "--no-color", "--tail", LOG_LINES, one.service),
        ]
    return "\n".join(lines).rstrip() or "Not every service has started."


def print_doors(doors: Sequence[Door], files: EnvFiles) -> bool:
    """Ask each address and print it with its login; return whether all answer."""
    domain = files.setting("STACK_DOMAIN", "localhost", os.environ)
    http_port = int(files.setting("HTTP_PORT", "80", os.environ))
    who = logins(files, os.environ)
    all_answer = True
    for door in doors:
        name = f"{door.name}.{domain}"
        port = port_of(door, files)
        direct = status_of(port, door.path)
        all_answer &= answers(direct)
        print(f"\n{door.name}")
        print(f"  http://127.0.0.1:{port}{door.page}  {in_words(direct)}")
        if door.has_name:
            named = status_of(http_port, "/", name)
            all_answer &= answers(named)
            here = "" if resolves(name) else "; only browsers know the name"
            print(f"  http://{name}{'' if http_port == 80 else f':{http_port}'}  {in_words(named)}{here}")
        print(f"  login: {who[door.login]}")
    return all_answer


def up(*, profile: str, build: bool) -> None:
    """Make what is missing, build, start, wait, and print where everything is.

    Args:
        profile: `small` for the app alone, `airflow` for Airflow besides, empty for neither.
        build: Build the images.

    Raises:
        StackError: It does not run; the message says why and what to do.
    """
    files = env()
    is_small = profile == "small"
    empty = empty_secrets(files.values[".env.build"] | dict(os.environ), airflow=profile == "airflow")
    if empty:
        raise StackError(
            f"Empty in .env.build: {', '.join(empty)}. Give each a value; env.build says what it is for."
        )
    compose = Compose(os.environ)
    check_engine(compose)
    chosen = ("--profile", profile) if profile else ()
    services = SMALL_SERVICES if is_small else tuple(compose.ask(*chosen, "config", "--services").split())
    doors = DOORS[profile]
    running = {one.service for one in containers_in(compose.ask("ps", "--format", "json"))}
    check_ports(doors, running, files)
    print("Images", flush=True)
    compose.show("pull", "--quiet", "--policy", "missing", "--ignore-buildable", *services)
    if build:
        compose.show("build", "--quiet", *services)
    print("Containers", flush=True)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        wait_for(compose, services, compose.start(log, "up", "--detach", "--no-build", *services), log)
    if not print_doors(doors, files):
        raise StackError("Not every address answers.")
    if not is_small:
        print(
            "\nTrain a model and promote it to this registry:\n"
            "  make model && ENV=stage uv run opinionlens promote"
        )
    print("`make stack-down` ends it and keeps what it stored.")


def down() -> None:
    """End all containers; what the volumes hold stays."""
    Compose(os.environ).show("--profile", "*", "down", "--remove-orphans")
    print("The volumes keep models, users, history and metrics; `make stack` goes on with them.")


def env() -> EnvFiles:
    """Make the files of settings that are missing, and say where they are."""
    files = ensure(ROOT)
    for path in files.made:
        secret = ", with secrets made up; only you can read it" if FILLED[path.name] else ""
        print(f"made {path} from {path.name[1:]}{secret}")
    return files


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="build, start, wait, and print the addresses")
    starting.set_defaults(profile="")
    profiles = starting.add_mutually_exclusive_group()
    for name, meaning in PROFILES.items():
        profiles.add_argument(f"--{name}", dest="profile", action="store_const", const=name, help=meaning)
    starting.add_argument("--no-build", action="store_true", help="take the images as they are")
    commands.add_parser("down", help="end it; the volumes stay")
    commands.add_parser("env", help="only make .env, .env.stage and .env.build")
    given = parser.parse_args(arguments)
    try:
        if given.command == "up":
            up(profile=given.profile, build=not given.no_build)
        elif given.command == "down":
            down()
        else:
            env()
    except (StackError, subprocess.TimeoutExpired) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
