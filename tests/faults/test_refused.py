"""Artifacts that may not serve, and a disk with no room: refused in words, and nothing else changes."""

from __future__ import annotations

import subprocess

import pytest
from tests.support.waiting import wait_until


@pytest.fixture
def app(make_warm_app):
    app = make_warm_app()
    app.start()
    return app


@pytest.fixture(scope="module")
def lasting_app(start_lasting_app):
    return start_lasting_app()


@pytest.mark.parametrize(
    ("version", "words"),
    [(4, "is not what the manifest says"), (5, "self-test")],
    ids=["wrong checksum", "failing self-test"],
)
def test_what_may_not_serve_is_refused_with_the_reason(lasting_app, load_on, version, words):
    app = lasting_app
    with load_on(app) as load:
        refused = app.fetch(version, set_default=True)
        load.more(20)
    assert refused.status == 422, refused.body
    assert words in refused.body["detail"].lower()
    fetches = app.ask("GET", "/api/v1/models/fetches/").body
    assert fetches[0]["state"] == "refused"
    assert words in fetches[0]["problem"].lower()
    assert (load.bad, load.broken) == ([], [])
    assert app.active == 1
    assert {one["model_version"] for one in app.ask("GET", "/api/v1/models/").body} == {1, 2}


def test_labels_in_another_order_change_no_answer(app):
    assert app.fetch(6, set_default=True).status == 201
    for text, label in (("great", "POSITIVE"), ("awful", "NEGATIVE"), ("hello", "NEUTRAL")):
        answer = app.ask("POST", "/api/v1/inference/predict", {"text": text}).body
        assert answer["model"]["version"] == 6
        assert answer["prediction"] == label
        assert answer["probabilities"][label] == answer["confidence"]


def test_a_copy_that_was_changed_on_this_disk_is_never_served(app):
    (weights,) = [
        path
        for path in (app.folder / "models").glob("*/artefact/weights.npz")
        if '"number": 2' in (path.parents[1] / "version.json").read_text()
        or '"number":2' in (path.parents[1] / "version.json").read_text()
    ]
    weights.write_bytes(weights.read_bytes()[:-100])
    reply = app.activate(2)
    # Fetched again from the registry, which still has the good one.
    assert reply.status == 200, reply.body
    assert app.active == 2
    assert app.ask("POST", "/api/v1/inference/predict", {"text": "great"}).body["prediction"] == "POSITIVE"


def test_a_full_disk_is_said_and_leaves_nothing_half_written(make_app, sqlite_url, tmp_path, load_on):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], check=False)
    if mounted.returncode:
        pytest.skip("only root can make a small disk")
    try:
        app = make_app(sqlite_url, API__SAVED_MODEL_PATH=str(small / "models"))
        app.start()
        wait_until(lambda: app.active == 1, what="the champion answers")
        with load_on(app) as load:
            refused = app.fetch(3)
            load.more(20)
        assert refused.status in (500, 503, 507), refused.body
        assert "disk is full" in refused.body["detail"].lower()
        assert (load.bad, load.broken) == ([], [])
        folder = small / "models"
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
        assert {one["model_version"] for one in app.ask("GET", "/api/v1/models/").body} == {1}
        assert app.active == 1
        app.end()
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)
