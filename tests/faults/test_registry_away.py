"""The registry is killed: before the start, under load, in the middle of a fetch. Answers go on."""

from __future__ import annotations

import os

import pytest
from tests.support.waiting import wait_until


@pytest.fixture
def app(make_warm_app):
    app = make_warm_app()
    app.start()
    return app


def test_it_starts_without_the_registry_with_what_answered_last(app, line):
    assert app.activate(2).status == 200
    app.end()
    line.cut()
    app.start()
    wait_until(lambda: app.active == 2, what="the version that was chosen answers")
    listed = app.ask("GET", "/api/v1/models/registry")
    assert listed.status == 503
    assert "registry" in listed.body["detail"].lower()
    loaded = app.ask("GET", "/api/v1/models/").body
    assert {one["model_version"] for one in loaded} == {1, 2}
    # What is here already can be chosen without the registry.
    assert app.activate(1).status == 200
    line.mend()
    wait_until(lambda: app.ask("GET", "/api/v1/models/registry").status == 200, what="the list comes back")


def test_a_registry_killed_under_load_is_not_noticed_by_those_who_ask(app, mlflow, load_on):
    with load_on(app) as load:
        mlflow.kill()
        load.more(200)
        refused = app.fetch(3)
        assert refused.status == 503, refused.body
        assert refused.body["detail"]
        load.more(50)
    assert (load.bad, load.broken) == ([], [])
    assert app.active == 1


def test_a_fetch_that_is_cut_half_way_leaves_nothing_and_can_be_made_again(app, mlflow, line, load_on):
    assert app.ask("GET", "/api/v1/models/registry").status == 200  # its process runs
    with load_on(app) as load:
        line.hang_after(150_000)
        begun = app.fetch(3, wait=False, set_default=True)
        assert begun.status == 202, begun.body
        place = begun.headers["location"]
        wait_until(lambda: line.is_hanging, what="the fetch hangs half-way")
        assert app.ask("GET", place).body["state"] == "downloading"
        mlflow.kill()
        line.cut()
        ended = wait_until(lambda: app.ended_fetch(place), what="the fetch ends", seconds=120)
        load.more(20)
    assert ended["state"] == "failed", ended
    assert ended["problem"]
    assert (load.bad, load.broken) == ([], [])
    assert app.active == 1
    folder = app.folder / "models"
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert {one["model_version"] for one in app.ask("GET", "/api/v1/models/").body} == {1, 2}
    line.mend()
    mlflow.ensure()
    again = app.fetch(3)
    assert again.status == 201, again.body
    assert app.active == 1  # nobody asked for it to become active this time


def test_a_fetch_whose_process_is_killed_is_shown_as_failed(app, line):
    assert app.ask("GET", "/api/v1/models/registry").status == 200
    line.hang_after(150_000)
    place = app.fetch(3, wait=False).headers["location"]
    wait_until(lambda: line.is_hanging, what="the fetch hangs half-way")
    os.killpg(app.pid, 9)
    app.process.wait(30)
    line.mend()
    app.start()
    ended = app.ask("GET", place).body
    assert ended["state"] == "failed"
    assert ended["problem"]
    assert app.fetch(3).status == 201
