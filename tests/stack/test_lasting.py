"""What must last is there after `down` and `up`: models, users, keys, history, what was measured."""

import time

import pytest
from tests.stack.tables import Tables
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("begun_for_later")


def what_is_kept(app):
    models = app.ask("GET", "/api/v1/models/").body
    history = app.ask("GET", "/api/v1/models/history").body
    registry = app.ask("GET", "/api/v1/models/registry").body
    about = app.ask("GET", "/api/v1/about").body["model"]
    return {
        "active": about["version"],
        "models": sorted(model["model_id"] for model in models),
        "history": history,
        "registry": registry,
    }


def test_down_and_up_keep_everything(stack, app, prometheus):
    compose = stack.compose
    opinionlens = compose.container("opinionlens")
    compose.docker.run("exec", opinionlens, "opinionlens", "users", "add", "rosa", "--generate")
    key = app.ask("POST", "/api/v1/keys/", {"name": "a program", "scopes": ["predict"]})
    assert key.status == 201, key.body
    before = what_is_kept(app)
    assert before["active"] == 2
    assert len(before["models"]) == 2
    wait_until(lambda: prometheus.value("sum(up)") == 9, 60, "every target is up")
    measured = time.time()
    compose.run("down", "--timeout", "20", seconds=120)
    assert compose.states() == {}
    stack.bring_up(Tables())
    assert what_is_kept(app) == before
    users = compose.docker.run("exec", compose.container("opinionlens"), "opinionlens", "users", "list")
    assert "rosa" in users
    program = stack.app.with_key(key.body["key"])
    assert program.ask("POST", "/api/v1/inference/predict", {"text": "glorp"}).status == 200
    assert program.ask("GET", "/api/v1/keys/").status == 403
    assert "a program" in {one["name"] for one in app.ask("GET", "/api/v1/keys/").body}
    old = prometheus.api("query", query="sum(up)", time=measured)["result"]
    assert float(old[0]["value"][1]) == 9
