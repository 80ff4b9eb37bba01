"""The registry answers slowly, or stops half-way: late is not never, and what hangs ends by itself."""

from __future__ import annotations

from tests.support.waiting import wait_until


def test_a_slow_registry_makes_the_app_ready_late_and_not_never(make_app, line):
    """Each request is answered in time; all that a look for the champion needs take longer than one may."""
    line.delay(4.0)
    app = make_app(None)
    app.start(ready=False)
    wait_until(lambda: app.active == 1, what="the champion answers", seconds=240)


def test_a_fetch_that_stands_still_ends_while_lists_go_on(make_warm_app, line):
    app = make_warm_app()
    app.start()
    assert app.ask("GET", "/api/v1/models/registry").status == 200  # its process runs
    line.hang_after(150_000)
    place = app.fetch(3, wait=False).headers["location"]
    wait_until(lambda: line.is_hanging, what="the fetch hangs half-way")
    line.mend()  # for all connections but the one that has lost bytes
    assert app.ask("GET", "/api/v1/models/registry").status == 200
    ended = wait_until(lambda: app.ended_fetch(place), what="the fetch ends", seconds=120)
    assert ended["state"] == "failed", ended
    assert app.fetch(3).status == 201
