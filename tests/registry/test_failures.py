"""Errors of other libraries become ours by what they mean."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace

import pytest
import requests

from opinionlens.base.errors import DiskUnwritable, RegistryError, RegistryUnavailable, VersionNotFound
from opinionlens.base.urls import shown, with_absolute_path
from opinionlens.registry import RegistryLoginNeeded
from opinionlens.registry.failures import translated
from opinionlens.registry.location import missing_database


class WithStatus(Exception):
    """As MlflowException says it."""

    def __init__(self, status: int) -> None:
        super().__init__("first line\nsecond line")
        self.status = status

    def get_http_status_code(self) -> int:
        return self.status


class Response(OSError):
    """As requests says it."""

    def __init__(self, status: int) -> None:
        super().__init__("refused")
        self.response = SimpleNamespace(status_code=status)


@pytest.mark.parametrize("make", [WithStatus, Response])
@pytest.mark.parametrize(
    ("status", "missing", "expected"),
    [
        (401, None, RegistryLoginNeeded),
        (404, "no such version", VersionNotFound),
        (404, None, RegistryError),
        (403, None, RegistryError),
        (400, "no such version", RegistryError),
        (429, None, RegistryUnavailable),
        (502, None, RegistryUnavailable),
        (503, None, RegistryUnavailable),
        (504, None, RegistryUnavailable),
    ],
)
def test_a_status_tells_what_happened(make, status, missing, expected):
    assert type(translated(make(status), uri="http://x", missing=missing)) is expected


def test_a_broken_line_is_no_error_of_the_server():
    wrapped = WithStatus(500)
    wrapped.__context__ = requests.exceptions.ConnectionError()

    for error in (
        wrapped,
        TimeoutError(),
        ConnectionRefusedError(),
        socket.gaierror(),
        requests.exceptions.Timeout(),
    ):
        assert type(translated(error, uri="http://x")) is RegistryUnavailable


def test_what_broke_the_line_is_said_and_what_to_check():
    wrapped = WithStatus(500)
    wrapped.__context__ = requests.exceptions.ConnectionError("HTTPConnectionPool(host='x', port=80)")
    wrapped.__context__.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
    assert str(translated(wrapped, uri="http://x")) == (
        "The registry does not answer: Connection refused. [http://x] Check that the MLflow server runs, and "
        "that this is its address."
    )
    assert translated(WithStatus(503), uri="http://x").what == (
        "The registry does not answer: 503 Service Unavailable."
    )


def test_an_answer_is_no_broken_line():
    answered = requests.exceptions.HTTPError(response=requests.Response())
    for error in (
        WithStatus(500),
        ValueError("no JSON"),
        FileNotFoundError(),
        answered,
    ):
        assert type(translated(error, uri="http://x", missing="this")) is RegistryError


def test_a_full_disk_is_said_however_deep_it_lies():
    wrapped = WithStatus(500)
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    said = ValueError("[Errno 28] No space left on device: '/models/x'")
    for error in (OSError(errno.ENOSPC, "No space left on device"), wrapped, said):
        failure = translated(error, uri="http://x")
        assert type(failure) is DiskUnwritable
        assert failure.what == "The disk is full."


def test_another_server_is_not_an_empty_registry():
    error = WithStatus(404)
    error.error_code = "ENDPOINT_NOT_FOUND"

    assert "no MLflow server" in str(translated(error, uri="http://x", missing="no such model"))


def test_only_the_first_line_is_told_and_no_password():
    uri = "postgresql://ann:geheim@db/mlflow"
    error = translated(RuntimeError(f"{uri} is away\nat line 7 of some file"), uri=uri)

    assert (
        str(error) == "The registry cannot do that: postgresql://db/mlflow is away [postgresql://db/mlflow]"
    )


def test_a_message_stays_short():
    assert len(str(translated(RuntimeError("x" * 10_000), uri="http://x"))) < 400


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://ann:geheim@host:5000/path", "http://host:5000/path"),
        ("http://host/a@b", "http://host/a@b"),
        ("postgresql://ann:p@ss@host/db", "postgresql://host/db"),
        ("sqlite:///mlruns.db", "sqlite:///mlruns.db"),
    ],
)
def test_an_address_is_shown_without_who_asks(uri, expected):
    assert shown(uri) == expected


def test_a_relative_database_is_meant_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert with_absolute_path("sqlite:///mlruns.db") == f"sqlite:///{tmp_path}/mlruns.db"
    assert with_absolute_path(f"sqlite:///{tmp_path}/mlruns.db") == f"sqlite:///{tmp_path}/mlruns.db"
    assert with_absolute_path("http://host:5000") == "http://host:5000"


def test_only_a_sqlite_file_can_be_missing(tmp_path):
    (tmp_path / "there.db").touch()

    assert missing_database(f"sqlite:///{tmp_path}/none.db") == tmp_path / "none.db"
    assert missing_database(f"sqlite:///{tmp_path}/none.db?timeout=5") == tmp_path / "none.db"
    assert missing_database(f"sqlite:///{tmp_path}/there.db") is None
    assert missing_database("http://host:5000") is None
