"""Two real processes over one database and one cache: what one activates, the other answers with."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
KEY = "the-admin-key-of-two-workers-0123456789"

# An app over a registry in memory, filled from folders that both processes read.
SERVE = """
import sys
from pathlib import Path
import uvicorn
from pydantic import SecretStr
from opinionlens.web.factory import create_app
from opinionlens.registry import MemoryRegistry
from opinionlens.base.setting_groups import ApiSettings, DatabaseSettings, SecuritySettings
from opinionlens.base.settings import Settings

folder, root, port, key = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
registry = MemoryRegistry()
for made in sorted(folder.glob("made-*")):
    digest = (made / "digest").read_text()
    registry.register("opinionlens", made / "artifact", digest=digest, run_id=None, tags={}, scores={})
registry.set_alias("opinionlens", "champion", 1)
api = ApiSettings(
    saved_model_path=folder / "models",
    static_path=root / "static",
    templates_path=root / "templates",
    error_log_path="/dev/null",
)
settings = Settings().model_copy(
    update={
        "api": api,
        "database": DatabaseSettings(url=SecretStr(f"sqlite:///{folder / 'opinionlens.db'}")),
        "security": SecuritySettings(admin_key=SecretStr(key), trusted_hosts="*"),
    }
)
uvicorn.run(create_app(settings, registry=registry), host="127.0.0.1", port=port, log_config=None)
"""


class Worker:
    """One process that serves."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-c", SERVE, str(folder), str(ROOT), str(self.port), KEY]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    def ask(self, method: str, path: str, body: object = None) -> object:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": KEY, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
            return json.loads(answer.read() or b"null")

    @property
    def version(self) -> int | None:
        """The version that answers, or None while nobody does."""
        try:
            return self.ask("POST", "/api/v1/inference/predict", {"text": "great"})["model"]["version"]
        except OSError:
            assert self.process.poll() is None, "the worker ended"
            return None

    @property
    def deployments(self) -> int | None:
        """How many are recorded, or None while its database is not ready."""
        try:
            return self.ask("GET", "/api/v1/models/history")["total"]
        except urllib.error.HTTPError as refusal:
            assert refusal.code == 503
            return None

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def seconds_until(condition) -> float:
    began = time.monotonic()
    wait_until(condition)
    return time.monotonic() - began


@pytest.fixture
def workers(write_word_model, tmp_path):
    for number, weight in enumerate((3.0, -3.0)):
        made = tmp_path / f"made-{number}"
        digest = write_word_model(made / "artifact", {"great": weight})
        (made / "digest").write_text(digest)
    with contextlib.ExitStack() as stack:
        both = []
        for _ in range(2):
            worker = Worker(tmp_path)
            stack.callback(worker.stop)
            both.append(worker)
        yield both


def test_every_process_follows_and_a_killed_one_starts_with_the_choice(workers, tmp_path, record_property):
    first, second = workers
    wait_until(lambda: first.version == second.version == 1)
    wait_until(lambda: first.deployments)
    first.ask("POST", "/api/v1/models/", {"model_name": "opinionlens", "model_version": 2})
    assert [one["is_active"] for one in second.ask("GET", "/api/v1/models/?brief=true")] == [False, True]
    times = []
    for number in (2, 1, 2):
        first.ask("POST", f"/api/v1/models/opinionlens-{number}/activate", {"why": "to see who follows"})
        assert first.version == number
        times.append(seconds_until(lambda number=number: second.version == number))
    record_property("seconds_to_follow", times)
    print("followed after", [round(each, 2) for each in times])
    second.stop()
    workers[1] = third = Worker(tmp_path)
    try:
        wait_until(lambda: third.version == 2)
    finally:
        third.stop()
