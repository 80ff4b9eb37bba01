"""Work with MLflow's client: why a server was not reached, and experiments after a move."""

from __future__ import annotations

import errno
import itertools
import socket
import ssl
from types import SimpleNamespace

import pytest
import requests
import urllib3

from opinionlens.base.mlflow_client import all_pages, broken_line, usable_experiment


def caused(*errors: BaseException) -> BaseException:
    """The first error, with each next one as the cause of the one before."""
    for outer, inner in itertools.pairwise(errors):
        outer.__context__ = inner
    return errors[0]


POOL = urllib3.HTTPConnectionPool("host")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            caused(
                RuntimeError("API request failed with exception HTTPConnectionPool(…)"),
                requests.ConnectionError("HTTPConnectionPool(…)"),
                urllib3.exceptions.MaxRetryError(POOL, "/"),
                ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
            ),
            "Connection refused",
        ),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (caused(requests.exceptions.SSLError(), ssl.SSLError(1, "wrong version")), "wrong version"),
        (urllib3.exceptions.ReadTimeoutError(POOL, "/", "…"), "it took too long"),
        (requests.ReadTimeout(), "it took too long"),
        (TimeoutError(), "it took too long"),
        (
            caused(
                requests.exceptions.RetryError(),
                urllib3.exceptions.ResponseError("too many 503 error responses"),
            ),
            "too many 503 error responses",
        ),
        (ConnectionResetError(), "the connection broke off"),
        (FileNotFoundError(errno.ENOENT, "No such file"), None),
        (requests.HTTPError(response=requests.Response()), None),
        (ValueError("no JSON"), None),
    ],
)
def test_a_server_that_was_not_reached_is_told_from_one_that_answers(error, words):
    assert broken_line(error) == words


class Experiments:
    """MLflow's client as far as experiments go, by name with their folders."""

    def __init__(self, **folders: str) -> None:
        self.folders = folders

    def get_experiment_by_name(self, name):
        if name not in self.folders:
            return None
        return SimpleNamespace(experiment_id=f"id of {name}", artifact_location=self.folders[name])


def test_an_experiment_that_moved_gets_a_stand_in(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlruns.db"
    here, gone = str(tmp_path / "mlruns" / "a"), "/nowhere/at/all/a"
    for folders, expected in [
        ({}, "made a"),
        ({"a": here}, "id of a"),
        ({"a": gone}, "made a (2)"),
        ({"a": gone, "a (2)": here}, "id of a (2)"),
        ({"a": gone, "a (2)": gone}, "made a (3)"),
    ]:
        assert usable_experiment(Experiments(**folders), "a", uri, lambda name: f"made {name}") == expected


def test_pages_are_read_to_the_last():
    class Page(list):
        token = None

    first, second = Page([1, 2]), Page([3])
    first.token = "more"
    pages = {None: first, "more": second}
    asked = []

    def search(where, *, page_token, most):
        asked.append((where, most))
        return pages[page_token]

    assert all_pages(search, "here", most=2) == [1, 2, 3]
    assert asked == [("here", 2)] * 2
