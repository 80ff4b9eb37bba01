"""`opinionlens serve` in one process: what it does first, and how it ends."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.processes import group_of
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

PREDICT = "/api/v1/inference/predict"
PASSWORD = re.compile(r"password +([a-z0-9]{5}(?:-[a-z0-9]{5}){3}) ")


class TestStart:
    def test_the_first_password_is_shown_once_and_not_logged(self, start_server: Callable) -> None:
        server = start_server()
        (password,) = PASSWORD.findall(server.terminal)
        assert server.end() == 0
        again = start_server()
        assert again.end() == 0
        assert PASSWORD.findall(again.terminal) == [password]  # the file holds both starts
        assert password not in again.log

    def test_tables_of_a_newer_version_are_left_alone(self, start_server: Callable, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "opinionlens.db")) as database, database:
            database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            database.execute("INSERT INTO alembic_version VALUES ('9999')")
        server = start_server(wait=False)
        assert server.process.wait(60) == 1
        assert "another version of OpinionLens" in server.log
        assert "Traceback" not in server.log

    def test_a_database_that_is_away_holds_nothing_up(self, start_server: Callable, tmp_path: Path) -> None:
        (tmp_path / "place").write_text("a file where the folder should be")
        server = start_server(DATABASE__URL="sqlite:///place/opinionlens.db")
        assert server.ask("POST", PREDICT, {"text": "I love it"}).body["prediction"] == "POSITIVE"
        assert server.events("database.away")
        assert server.metric("database_up") == 0
        (tmp_path / "place").unlink()
        wait_until(lambda: PASSWORD.search(server.terminal))
        assert server.end() == 0
        assert len(PASSWORD.findall(server.terminal)) == 1

    def test_unsafe_secrets_are_refused_before_anything_starts(self, start_server: Callable) -> None:
        server = start_server("--workers", "2", wait=False, ENV="prod", SECURITY__ADMIN_PASSWORD="admin")
        assert server.process.wait(60) == 1
        assert "SECURITY__ADMIN_PASSWORD" in server.log

    def test_workers_that_cannot_start_end_the_parent(self, start_server: Callable, tmp_path: Path) -> None:
        server = start_server("--workers", "2", wait=False, API__STATIC_PATH=str(tmp_path / "gone"))
        assert server.process.wait(60) == 1
        assert "API__STATIC_PATH" in server.log
        assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("workers", "number"), [("1", signal.SIGTERM), ("1", signal.SIGINT), ("2", signal.SIGTERM)]
)
def test_the_end_under_load_answers_what_was_begun(
    start_server: Callable, run_load: Callable, workers: str, number: signal.Signals
) -> None:
    server = start_server("--workers", workers, SECURITY__ADMIN_PASSWORD="given-by-the-owner-7")
    with run_load(server) as load:
        load.wait_for_answers(300)
        assert server.end(number) == 0
    assert load.broken == []
    assert load.is_cut_short  # or the signal came after the work was done
    with closing(sqlite3.connect(server.folder / "opinionlens.db")) as database:
        written = {row[0] for row in database.execute("SELECT id FROM predictions")}
    assert {ident.replace("-", "") for ident in load.prediction_ids} == {
        str(ident).replace("-", "") for ident in written
    }
    # The tracker of multiprocessing's resources ends right behind the process that it watches.
    wait_until(lambda: group_of(server.pid) == set())
    assert server.terminal == ""  # who gave the password knows it
    assert "given-by-the-owner-7" not in server.log


@pytest.mark.parametrize("workers", ["1", "2"])
def test_behind_a_balancer_it_answers_while_it_says_that_it_will_end(
    start_server: Callable, workers: str
) -> None:
    server = start_server("--workers", workers, API__DRAIN_SECONDS="3")
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.ask("GET", "/health").status == 503)
    assert server.ask("GET", "/health").body == {"status": "stopping"}
    assert server.ask("POST", PREDICT, {"text": "I love it"}).body["prediction"] == "POSITIVE"
    assert server.process.wait(30) == 0
    # The tracker of multiprocessing's resources ends right behind the process that it watches.
    wait_until(lambda: group_of(server.pid) == set())


def test_an_open_stream_of_progress_does_not_hold_up_the_end(start_server: Callable) -> None:
    key = "a-key-for-machines-0123456789-abcdef"
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # takes questions and never answers
        registry = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        server = start_server(MLFLOW__REMOTE_TRACKING_URI=registry, SECURITY__ADMIN_KEY=key)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            wanted = json.dumps({"model_name": "opinionlens", "model_version": 1})
            connection.request("POST", "/api/v1/models/?wait=false", wanted, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 202
            connection.request("GET", f"{answer.headers['Location']}/events", headers=headers)
            stream = connection.getresponse()
            assert stream.readline().startswith(b"event: progress")
            assert server.end() == 0
            stream.read()  # ends as a whole answer does, or this raises
    assert not [line for line in server.log.splitlines() if "timeout graceful shutdown exceeded" in line]
