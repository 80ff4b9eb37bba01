"""What the Airflow DAG sends to other servers, in bounded time."""

import time

import pytest
from tests.support.ports import free_port
from tests.support.web_receiver import Receiver

from sentiment_steps.faults import StepError
from sentiment_steps.posting import notify, post


@pytest.fixture(scope="module")
def server():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def receiver(server):
    server.taken.clear()
    return server


def test_json_and_token_arrive(receiver):
    assert post(f"{receiver.address}/204", {"event": "é"}, token="secret") == 204
    (taken,) = receiver.taken
    assert taken["body"] == {"event": "é"}
    assert taken["headers"]["Authorization"] == "Bearer secret"
    assert taken["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 401, 404, 500, 503])
def test_anything_but_success_is_an_error_and_no_redirect_is_followed(receiver, status):
    with pytest.raises(StepError, match=f"127.0.0.1 answered {status}: said no"):
        post(f"{receiver.address}/{status}", {}, token="secret")
    assert [taken["path"] for taken in receiver.taken] == [f"/{status}"]


@pytest.mark.parametrize("path", ["silent", "drip"])
def test_a_slow_server_costs_no_more_than_the_limit(receiver, path):
    began = time.monotonic()
    with pytest.raises(StepError):
        post(f"{receiver.address}/{path}", {}, seconds=1.5)
    assert time.monotonic() - began < 20


def test_a_failed_notification_is_said_and_raises_nothing(receiver):
    said = []
    assert notify(f"{receiver.address}/500?key=secret", {}, said.append) is False
    assert notify(f"http://127.0.0.1:{free_port()}/secret", {}, said.append) is False
    assert notify("nonsense", {}, said.append) is False
    assert notify("", {}, said.append) is False
    assert notify(f"{receiver.address}/200", {}, said.append) is True
    assert len(said) == 5
    assert "secret" not in "".join(said)
