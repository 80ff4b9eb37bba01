"""What Compose says of the stack's containers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

# The oldest that takes files of settings that may be missing, and the including of files with variables.
OLDEST_COMPOSE = (2, 24)


class State(Enum):
    """How far a container has come."""

    STARTING = "starting"
    RUNNING = "running"
    WELL = "healthy"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Container:
    """One container of a service."""

    service: str
    state: State
    status: str

    @property
    def is_settled(self) -> bool:
        """Whether it has nothing left to wait for."""
        return self.state in (State.RUNNING, State.WELL, State.DONE)


def containers_in(output: str) -> list[Container]:
    """Return the containers of `compose ps --all --format json`; the form is one object a line, or a list."""
    text = output.strip()
    if text.startswith("["):
        rows = json.loads(text)
    else:
        rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [_container(row) for row in rows]


def _container(row: Mapping[str, object]) -> Container:
    return Container(str(row["Service"]), _state(row), str(row.get("Status", "")))


def _state(row: Mapping[str, object]) -> State:
    state, health, code = row.get("State"), row.get("Health"), row.get("ExitCode")
    if state == "exited":
        return State.FAILED if code else State.DONE
    if state == "dead" or health == "unhealthy":
        return State.FAILED
    if state == "running" and health == "healthy":
        return State.WELL
    return State.RUNNING if state == "running" and not health else State.STARTING


def news(before: Mapping[str, State], now: Iterable[Container]) -> list[Container]:
    """Return the containers whose state has changed, apart from those that begin."""
    return [
        one for one in now if before.get(one.service) is not one.state and one.state is not State.STARTING
    ]


def all_settled(expected: Iterable[str], now: Iterable[Container]) -> bool:
    """Return whether each expected service is there and has nothing left to wait for."""
    settled = {one.service for one in now if one.is_settled}
    return set(expected) <= settled


def is_old(version: str) -> bool:
    """Return whether a version of Compose, as it prints it, is too old."""
    numbers = version.strip().lstrip("v").split(".")
    try:
        return (int(numbers[0]), int(numbers[1])) < OLDEST_COMPOSE
    except (ValueError, IndexError):
        return False  # a form of its own: let Compose itself say what it cannot do
