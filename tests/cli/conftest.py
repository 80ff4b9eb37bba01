"""Real servers: started as a user starts them, on a free port, in a folder of their own, stopped by pid."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.app_server import AppServer
from tests.support.waiting import wait_until

SECONDS = 60  # generous: nothing here waits for it when all is well


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., AppServer]]:
    """A function that starts a server with options and settings and waits until it answers."""
    servers: list[AppServer] = []

    def start(*options: str, wait: bool = True, **settings: str) -> AppServer:
        server = AppServer(tmp_path, *options, **settings)
        servers.append(server)
        server.start()
        if wait:
            server.wait_for("/health")
        return server

    yield start
    for server in servers:
        server.kill()


class Load:
    """Clients that ask without a pause, one text or many at a time, until the server is gone."""

    CLIENTS, REQUESTS = 8, 2_000

    def __init__(self, server: AppServer) -> None:
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
        wait_until(lambda: self.answered >= count, SECONDS)

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
def run_load() -> Callable[[AppServer], AbstractContextManager[Load]]:
    """A function that keeps a server busy for the length of a block, and waits for the clients at its end."""

    @contextmanager
    def run(server: AppServer) -> Iterator[Load]:
        load = Load(server)
        load.start()
        yield load
        load.join()

    return run
