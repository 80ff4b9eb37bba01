"""Versions are swapped under load, by several at once, and while processes die."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from tests.support.waiting import wait_until


@pytest.fixture
def app(make_warm_app):
    app = make_warm_app(workers=2)
    app.start()
    return app


@pytest.fixture(scope="module")
def lasting_app(start_lasting_app):
    return start_lasting_app(workers=2)


@pytest.fixture
def calm_app(lasting_app):
    """The app of all tests that kill nothing; version 1 is active."""
    if versions_of_workers(lasting_app) != {1}:
        assert lasting_app.activate(1).status == 200
        wait_until(lambda: versions_of_workers(lasting_app) == {1}, what="every worker is back", seconds=15)
    return lasting_app


def versions_of_workers(app):
    """Which versions answer now, over enough connections to meet every worker."""
    return {app.active for _ in range(12)}


def answers_with(load, version):
    return load.answered[-1][1] == version


def test_no_request_fails_while_versions_are_swapped(calm_app, load_on):
    app = calm_app
    with load_on(app) as load:
        for version in (2, 1) * 4:
            assert app.activate(version).status == 200
            load.more(20)
            # All connections of the load may be to the worker that follows.
            wait_until(partial(answers_with, load, version), what=f"version {version} answers", seconds=15)
    assert (load.bad, load.broken) == ([], [])
    assert {version for _, version, _ in load.answered} == {1, 2}


def test_every_worker_follows(calm_app):
    app = calm_app
    assert app.activate(2).status == 200
    wait_until(lambda: versions_of_workers(app) == {2}, what="every worker follows", seconds=15)
    rolled_back = app.rollback()
    assert rolled_back.status == 200
    assert rolled_back.body["model_version"] == 1
    wait_until(lambda: versions_of_workers(app) == {1}, what="every worker goes back", seconds=15)


def test_of_two_who_activate_at_once_one_is_told(calm_app):
    app = calm_app
    number = app.ask("GET", "/api/v1/models/history").body["deployments"][0]["number"]
    replies = []

    def activate(version):
        content = {"why": "at once", "expected": number}
        replies.append(app.ask("POST", f"/api/v1/models/opinionlens-{version}/activate", content))

    threads = [threading.Thread(target=activate, args=(version,)) for version in (1, 2, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    told = next(reply for reply in replies if reply.status == 409)
    assert "meanwhile" in told.body["detail"]
    assert app.ask("GET", "/api/v1/models/history").body["deployments"][0]["number"] == number + 1


def test_a_killed_worker_is_replaced_and_the_choice_stays(app, load_on):
    assert app.activate(2).status == 200
    wait_until(lambda: versions_of_workers(app) == {2}, what="every worker follows", seconds=15)
    wait_until(lambda: len(app.workers()) == 2, what="there are two workers")
    victim = min(app.workers())
    with load_on(app) as load:
        os.kill(victim, signal.SIGKILL)
        load.more(100)
        wait_until(lambda: len(app.workers() - {victim}) == 2, what="another takes its place")
        wait_until(lambda: versions_of_workers(app) == {2}, what="it serves the same version", seconds=30)
    assert load.bad == []
    # What the dead one had in its hands is gone, at most one request of each connection.
    assert len(load.broken) <= load.threads
    assert app.ask("GET", "/api/v1/models/history").body["deployments"][0]["model_version"] == 2


def test_killed_in_the_middle_of_a_swap_it_starts_with_what_was_recorded(app):
    for version, delay in ((2, 0.0), (1, 0.005), (2, 0.02), (1, 0.05)):
        switching = threading.Thread(target=_try_to_activate, args=(app, version))
        switching.start()
        time.sleep(delay)  # somewhere in the middle; what is asserted holds wherever that is
        app.kill()
        switching.join(60)
        app.start()
        last = app.ask("GET", "/api/v1/models/history").body["deployments"][0]
        wait_until(
            lambda last=last: versions_of_workers(app) == {last["model_version"]},
            what="the row decides",
            seconds=30,
        )


def _try_to_activate(app, version):
    with suppress(OSError, http.client.HTTPException):
        app.activate(version)
