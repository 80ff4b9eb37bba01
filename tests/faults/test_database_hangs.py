"""PostgreSQL hangs (every process of it is stopped): calls end, and so does the app when it is told to."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.waiting import wait_until


@pytest.fixture
def url(postgres, database):
    yield database
    postgres.stop()
    postgres.start()


def start(make_warm_app, url, workers=1):
    app = make_warm_app(url, workers=workers)
    app.start()
    wait_until(
        lambda: app.ask("GET", "/api/v1/models/history").body.get("total") == 1,
        what="the champion is recorded",
    )
    return app


def at_once(*calls):
    """Make the calls at the same time, as each of them may take seconds; return what each returns."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def test_calls_end_and_predictions_go_on(make_warm_app, postgres, url, load_on):
    app = start(make_warm_app, url)
    with load_on(app) as load:
        with postgres.stopped():
            refused = at_once(
                lambda: app.ask("POST", "/api/v1/feedback", {"text": "great", "label": "POSITIVE"}),
                lambda: app.ask("GET", "/api/v1/feedback"),
                lambda: app.activate(2),
                lambda: app.ask("GET", "/api/v1/keys/"),
            )
            load.more(100)
            said = app.ask("GET", "/ready").body["database_problem"]
        wait_until(
            lambda: app.ask("POST", "/api/v1/feedback", {"text": "great", "label": "POSITIVE"}).status == 201,
            what="feedback is taken again",
        )
        load.more(50)
    assert [answer.status for answer in refused] == [503] * 4
    assert "does not answer" in said
    assert (load.bad, load.broken) == ([], [])
    wait_until(lambda: app.ask("GET", "/ready").body["database_problem"] is None, what="the problem is gone")
    app.end()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_app_ends_in_its_time_and_well(make_warm_app, postgres, url, workers):
    app = start(make_warm_app, url, workers)
    assert app.ask("POST", "/api/v1/inference/predict", {"text": "great"}).status == 200
    with postgres.stopped():
        # What waits for the database as the end comes, and what the log still has to write.
        answers = []

        def ask():
            answers.append(app.ask("POST", "/api/v1/feedback", {"text": "great", "label": "POSITIVE"}).status)

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        assert app.ask("POST", "/api/v1/inference/predict", {"text": "awful"}).status == 200
        time.sleep(0.5)
        started = time.monotonic()
        status = app.end()
        seconds = time.monotonic() - started
        for thread in threads:
            thread.join(60)
    assert status == 0
    assert seconds < 20
    assert answers == [503] * 6


def test_it_starts_while_the_database_hangs(make_warm_app, postgres, url):
    app = start(make_warm_app, url)
    app.end()
    with postgres.stopped():
        app.start()
        assert app.ask("POST", "/api/v1/inference/predict", {"text": "great"}).status == 200
        wait_until(lambda: app.ask("GET", "/ready").body["database_problem"], what="the problem is shown")
    wait_until(
        lambda: app.ask("GET", "/ready").body["database_problem"] is None, what="the database is used again"
    )
    assert app.end() == 0
