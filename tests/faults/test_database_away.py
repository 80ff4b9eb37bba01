"""PostgreSQL is killed: under load, before the start, together with the registry."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import text
from tests.support.waiting import wait_until

from opinionlens.storage import Database


@pytest.fixture
def url(postgres, database):
    yield database
    postgres.stop()
    postgres.start()


def start_with_champion(make_warm_app, url):
    app = make_warm_app(url)
    app.start()
    wait_until(
        lambda: app.ask("GET", "/api/v1/models/history").body.get("total") == 1,
        what="the champion is recorded",
    )
    assert app.active == 1
    return app


def stored_predictions(url):
    with closing(Database(url)) as database, database.reading() as connection:
        return connection.scalar(text("SELECT count(*) FROM predictions"))


def metric(app, name):
    lines = app.ask("GET", "/metrics").body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


def test_a_database_killed_under_load_costs_nothing_that_was_acknowledged(
    make_warm_app, postgres, url, load_on
):
    app = start_with_champion(make_warm_app, url)
    assert app.activate(2).status == 200
    given = app.ask("POST", "/api/v1/feedback", {"text": "not so great", "label": "NEGATIVE"})
    key = app.ask("POST", "/api/v1/keys/", {"name": "shop", "scopes": ["predict"]})
    assert (given.status, key.status) == (201, 201)
    with load_on(app) as load:
        postgres.kill()
        load.more(200)
        for refused in (
            app.activate(1),
            app.rollback(),
            app.ask("POST", "/api/v1/feedback", {"text": "great", "label": "POSITIVE"}),
            app.ask("POST", "/api/v1/keys/", {"name": "other", "scopes": ["admin"]}),
        ):
            assert refused.status == 503, refused.body
            assert "database" in refused.body["detail"].lower()
        assert app.active == 2
        status = app.ask("GET", "/api/v1/models/status").body
        assert status["database_problem"]
        load.more(50)
        postgres.start()
        wait_until(lambda: app.activate(1).status == 200, what="a version can be activated again")
        wait_until(lambda: app.active == 1, what="it answers")
        load.more(50)
    assert (load.bad, load.broken) == ([], [])
    history = app.ask("GET", "/api/v1/models/history").body["deployments"]
    assert [one["model_version"] for one in reversed(history)][:3] == [1, 2, 1]
    feedback = app.ask("GET", "/api/v1/feedback").body
    assert given.body["id"] in [one["id"] for one in feedback["feedback"]]
    assert key.body["id"] in [one["id"] for one in app.ask("GET", "/api/v1/keys/").body]
    total = len(load.answered)
    app.end()
    stored = stored_predictions(url)
    # A short outage fits into the buffer: nothing was lost, and what had been would have been counted.
    assert stored == total


def test_prediction_rows_that_are_lost_are_counted(make_warm_app, postgres, url, load_on):
    app = start_with_champion(make_warm_app, url)
    before = metric(app, "prediction_rows_lost_total")
    postgres.kill()
    # More than the buffer holds, in batches, as one by one would take long.
    rounds, items = 25, 1_000
    for _ in range(rounds):
        assert app.ask("POST", "/api/v1/inference/batch_predict", ["great"] * items).status == 200
    lost = wait_until(lambda: metric(app, "prediction_rows_lost_total") - before, what="losses are counted")
    postgres.start()
    wait_until(
        lambda: (
            metric(app, "prediction_rows_written_total") + metric(app, "prediction_rows_lost_total")
            == rounds * items
        ),
        what="every row is either written or counted as lost",
    )
    lost = metric(app, "prediction_rows_lost_total")
    app.end()
    assert stored_predictions(url) == rounds * items - lost


def test_it_starts_with_database_and_registry_away_and_then_follows_the_row(
    make_warm_app, postgres, url, line
):
    app = start_with_champion(make_warm_app, url)
    assert app.activate(2).status == 200
    other = make_warm_app(url)
    other.start()
    wait_until(lambda: other.active == 2, what="the second app follows")
    other.end()
    assert app.activate(1).status == 200
    app.end()
    postgres.kill()
    line.cut()
    other.start()
    wait_until(lambda: other.active == 2, what="what answered last here answers again")
    said = other.ask("GET", "/api/v1/models/status").body
    assert said["database_problem"]
    postgres.start()
    line.mend()
    wait_until(lambda: other.active == 1, what="the last deployment, made elsewhere meanwhile, is followed")
