"""`make site` and `make update`: which service is replaced when, and what stops it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from scripts.stack import site as program
from scripts.stack.compose_calls import StackError
from scripts.stack.site import answering, main, wait_for_balancer

METRICS = """\
# TYPE traefik_service_server_up gauge
traefik_service_server_up{service="app-predictions@file",url="http://opinionlens:8000"} 1
traefik_service_server_up{service="app@file",url="http://opinionlens:8000"} 1
traefik_service_server_up{service="app@file",url="http://opinionlens-2:8000"} 0
"""
BOTH = METRICS.replace('2:8000"} 0', '2:8000"} 1')
SERVICES = "migrate\npostgres\nopinionlens\nopinionlens-2\ntraefik"


class FakeCompose:
    """Answers as a site that is up, and remembers what it was told."""

    def __init__(self, metrics: Callable[[], str], running: str = SERVICES) -> None:
        self.told: list[str] = []
        self._metrics = metrics
        self._running = running.split()

    def ask(self, *words: str) -> str:
        if words[0] == "exec":
            return self._metrics()
        if words[0] == "config":
            return SERVICES
        assert words[0] == "ps"
        return "\n".join(
            json.dumps({"Service": name, "State": "running", "Health": "healthy"}) for name in self._running
        )

    def show(self, *words: str) -> None:
        self.told.append(" ".join(words))

    def start(self, log: Any, *words: str) -> Any:
        self.told.append(" ".join(words))

        class Ended:
            def poll(self) -> int:
                return 0

        return Ended()


def use(monkeypatch: pytest.MonkeyPatch, compose: FakeCompose) -> None:
    monkeypatch.setattr(program, "site", lambda: compose)


def test_the_app_is_what_traefik_sends_requests_to():
    assert answering(METRICS) == {"opinionlens"}
    assert answering(BOTH) == {"opinionlens", "opinionlens-2"}
    assert answering("") == set()


def test_it_waits_until_the_balancer_knows_a_service():
    answers = iter(["", METRICS, BOTH])
    wait_for_balancer(lambda: next(answers), "opinionlens-2", poll=0)
    assert list(answers) == []


def test_one_that_does_not_come_stops_the_update_before_anything_is_replaced():
    with pytest.raises(StackError, match="logs opinionlens-2"):
        wait_for_balancer(lambda: METRICS, "opinionlens-2", seconds=0, poll=0)


def test_an_update_takes_one_service_of_the_app_after_the_other(monkeypatch, capsys):
    compose = FakeCompose(lambda: BOTH)
    use(monkeypatch, compose)
    assert main(["update"]) == 0
    assert compose.told == [
        "pull --quiet --policy missing --ignore-buildable migrate postgres opinionlens traefik",
        "build --quiet migrate postgres opinionlens opinionlens-2 traefik",
        "up --detach --no-build migrate postgres traefik",
        "up --detach --no-build --no-deps opinionlens",
        "up --detach --no-build --no-deps opinionlens-2",
    ]
    assert "up to date" in capsys.readouterr().out


def test_the_second_stays_while_the_first_does_not_answer(monkeypatch, capsys):
    """What came up new is healthy, but Traefik does not reach it."""
    compose = FakeCompose(
        lambda: METRICS.replace('opinionlens:8000"} 1', 'opinionlens:8000"} 0').replace(
            '2:8000"} 0', '2:8000"} 1'
        )
    )
    use(monkeypatch, compose)
    monkeypatch.setattr(
        program, "wait_for_balancer", lambda ask, service: wait_for_balancer(ask, service, seconds=0, poll=0)
    )
    assert main(["update", "--no-build"]) == 1
    assert compose.told[-1] == "up --detach --no-build --no-deps opinionlens"
    assert "Traefik sends no requests to opinionlens," in capsys.readouterr().err


def test_nothing_is_replaced_while_the_other_does_not_answer(monkeypatch):
    compose = FakeCompose(lambda: METRICS)
    use(monkeypatch, compose)
    monkeypatch.setattr(
        program, "wait_for_balancer", lambda ask, service: wait_for_balancer(ask, service, seconds=0, poll=0)
    )
    assert main(["update", "--no-build"]) == 1
    assert not [words for words in compose.told if "--no-deps" in words]


def test_a_site_that_is_not_up_is_not_updated(monkeypatch, capsys):
    compose = FakeCompose(lambda: BOTH, running="postgres traefik opinionlens")
    use(monkeypatch, compose)
    assert main(["update"]) == 1
    assert compose.told == []
    assert "`make site` starts it" in capsys.readouterr().err


def test_the_first_start_is_all_at_once(monkeypatch):
    compose = FakeCompose(lambda: BOTH)
    use(monkeypatch, compose)
    assert main(["up", "--no-build"]) == 0
    assert compose.told[-1] == "up --detach --no-build migrate postgres opinionlens opinionlens-2 traefik"


def test_no_registry_is_asked_for_the_image_that_is_built_here(monkeypatch):
    """On an empty server the question for the second service's image would end the start."""
    compose = FakeCompose(lambda: BOTH)
    use(monkeypatch, compose)
    assert main(["up"]) == 0
    fetch, build, start = compose.told
    assert fetch.endswith("--ignore-buildable migrate postgres opinionlens traefik")
    assert build.startswith("build")
    assert "opinionlens-2" in start


class TestSettings:
    @pytest.fixture
    def project(self, monkeypatch, tmp_path):
        for name in ("env", "env.prod", "env.build"):
            (tmp_path / name).write_text((program.ROOT / name).read_text())
        monkeypatch.setattr(program, "ROOT", tmp_path)
        monkeypatch.delenv("DOMAIN", raising=False)
        return tmp_path

    def test_files_are_made_with_secrets_and_the_domain_is_asked_for(self, project, capsys):
        assert main(["up"]) == 1
        assert "DOMAIN=example.com" in capsys.readouterr().err
        assert {path.name for path in project.glob(".env*")} == {".env", ".env.prod", ".env.build"}
        password = next(
            line.partition("=")[2]
            for line in (project / ".env.prod").read_text().splitlines()
            if line.startswith("SECURITY__ADMIN_PASSWORD=")
        )
        assert len(password) == 32
        assert (project / ".env.prod").stat().st_mode & 0o777 == 0o600

    def test_an_empty_secret_is_named(self, project, capsys, monkeypatch):
        monkeypatch.setenv("DOMAIN", "example.com")
        text = (project / "env.build").read_text()
        (project / ".env.build").write_text(text)
        assert main(["up"]) == 1
        assert "Empty in .env.build: POSTGRES_PASSWORD" in capsys.readouterr().err
