"""Real servers: started as a user starts them, on a free port, in a folder of their own, stopped by pid."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60  # generous: nothing here waits for it when all is well


class Server:
    """`opinionlens serve` in a process group of its own, with what it wrote."""

    def __init__(self, folder: Path, options: tuple[str, ...], environment: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.database = folder / "opinionlens.db"
        self._out, self._err = folder / "stdout.log", folder / "stderr.log"
        command = [sys.executable, "-m", "opinionlens.cli.main", "serve", "--port", str(self.port), *options]
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=out, stderr=err, start_new_session=True
            )

    @property
    def terminal(self) -> str:
        return self._out.read_text()

    @property
    def log(self) -> str:
        return self._err.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self.log.splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == name]

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.get("/health")[0] == 200
        return False

    def wait_until_answers(self) -> None:
        eventually(lambda: self.answers() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log

    def get(self, path: str) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            return answer.status, answer.read().decode()

    def post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the address is ours
            return json.load(answer)

    def metric(self, line: str) -> float:
        """The value of one series, 0 where it is not shown."""
        lines = self.get("/metrics")[1].splitlines()
        return next((float(found.rsplit(" ", 1)[1]) for found in lines if found.startswith(f"{line} ")), 0.0)

    def workers(self) -> set[int]:
        """The processes that answer: children of the parent that run the app."""
        return {pid for pid in children_of(self.process.pid) if "spawn_main" in command_of(pid)}

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def eventually(holds: Callable[[], object], seconds: float = SECONDS) -> None:
    """Return once `holds()` is true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


def children_of(parent: int) -> set[int]:
    """Live children, by the parent ids in /proc."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                state, ppid = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                if int(ppid) == parent and state != "Z":
                    found.add(int(entry.name))
    return found


def command_of(pid: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def group_of(leader: int) -> set[int]:
    """Every live process of a process group."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[2]) == leader and fields[0] != "Z":
                    found.add(int(entry.name))
    return found


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for compiled modules, so that only the first server has to compile them."""
    return tmp_path_factory.mktemp("bytecode")


@pytest.fixture
def start_server(tmp_path: Path, bytecode: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts a server with options and settings and waits until it answers."""
    servers: list[Server] = []
    groups = ("API__", "MLFLOW__", "DATABASE__", "SECURITY__", "PRIVACY__")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(groups) and k != "ENV"}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    base = kept | {
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "API__STATIC_PATH": str(ROOT / "static"),
        "API__TEMPLATES_PATH": str(ROOT / "templates"),
        "API__LOGGING_FORMAT": "json",
        "MLFLOW__REMOTE_TRACKING_URI": "http://127.0.0.1:9",
    }

    def start(*options: str, wait: bool = True, **settings: str) -> Server:
        server = Server(tmp_path, options, base | settings)
        servers.append(server)
        if wait:
            server.wait_until_answers()
        return server

    yield start
    for server in servers:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(SECONDS)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., None]:
    return eventually


@pytest.fixture(name="group_of")
def _group_of() -> Callable[[int], set[int]]:
    return group_of


class Load:
    """Clients that ask without a pause, one text or many at a time, until the server is gone."""

    CLIENTS, REQUESTS = 8, 2_000

    def __init__(self, server: Server) -> None:
        self.prediction_ids: set[str] = set()
        self.broken: list[str] = []  # answers that began and did not end, or were none
        self.refused = 0
        self.answered = 0
        self._server = server
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(self.CLIENTS)]

    @property
    def is_cut_short(self) -> bool:
        return self.refused == self.CLIENTS

    def wait_for_answers(self, count: int) -> None:
        eventually(lambda: self.answered >= count)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive()

    def _run(self, number: int) -> None:
        address = ("127.0.0.1", self._server.port)
        with closing(http.client.HTTPConnection(*address, timeout=SECONDS)) as connection:
            self._ask_all(connection, self._ask_many if number % 2 else self._ask_one)

    def _ask_all(self, connection: http.client.HTTPConnection, ask: Callable[..., set[str]]) -> None:
        for _ in range(self.REQUESTS):
            try:
                ids = ask(connection)
            except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                with self._lock:  # not a byte of an answer: it was never taken in
                    self.refused += 1
                return
            except Exception as error:
                with self._lock:
                    self.broken.append(repr(error))
                return
            with self._lock:
                self.answered += 1
                self.prediction_ids |= ids

    def _ask_one(self, connection: http.client.HTTPConnection) -> set[str]:
        return {self._post(connection, "/api/v1/inference/predict", {"text": "I love it"})["prediction_id"]}

    def _ask_many(self, connection: http.client.HTTPConnection) -> set[str]:
        texts = [f"I love it {number}" for number in range(60)]
        answer = self._post(connection, "/api/v1/inference/batch_predict?detail=true", texts)
        return {result["prediction_id"] for result in answer["results"]}

    @staticmethod
    def _post(connection: http.client.HTTPConnection, path: str, body: Any) -> Any:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        return json.loads(answer.read())


@pytest.fixture
def run_load() -> Callable[[Server], AbstractContextManager[Load]]:
    """A function that keeps a server busy for the length of a block, and waits for the clients at its end."""

    @contextmanager
    def run(server: Server) -> Iterator[Load]:
        load = Load(server)
        load.start()
        yield load
        load.join()

    return run
