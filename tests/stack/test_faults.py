"""Parts that die under steady load: what clients see, what the metrics count, and who is told."""

import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
from tests.stack.killing import KILL_ALL, KILL_WORKER
from tests.stack.load import RATE, Load
from tests.stack.shortened import SCRAPE_SECONDS
from tests.support.waiting import wait_until

ANSWERED = 'http_requests_total{job="opinionlens-fastapi",handler="/api/v1/inference/predict",status="2xx"}'
# A proxy says so when there is nobody behind it; a request without any answer has the status 0.
AWAY = {502, 503, 504}
# Each of the two workers lets eight lists wait for the registry.
IMPATIENT = 18


@contextmanager
def under_load(stack, prometheus):
    """Load before, during and after the fault that the block is."""
    prometheus.wait_for_scrape("opinionlens-fastapi", time.time())
    with Load(stack.app) as load:
        time.sleep(2)
        yield load
        time.sleep(4)
    tail = [one for one in load.noted if one.began > load.noted[-1].began - 3]
    assert [one for one in tail if one.status != 200] == []


def assert_counts_agree(prometheus, load, *, is_killed=False):
    """Compare with those answered: what a process counted after the last scrape is lost when it is killed."""
    prometheus.wait_for_scrape("opinionlens-fastapi", time.time())
    counted = prometheus.counted(ANSWERED, load.noted[0].began)
    assert abs(counted - len(load.answered)) <= (RATE * SCRAPE_SECONDS if is_killed else 0)
    return counted


def test_a_killed_worker_costs_no_request(stack, prometheus, tables):
    with under_load(stack, prometheus) as load:
        assert stack.compose.python("opinionlens", KILL_WORKER).strip() == "2"
        time.sleep(8)
    assert load.failed == []
    counted = assert_counts_agree(prometheus, load, is_killed=True)
    # The dead one's gauges are gone with it, and soon those of a new one are there.
    limit = 'sum(batch_queue_limit{job="opinionlens-inference"})'
    wait_until(lambda: prometheus.value(limit) == 36, 60, "the gauges are of two workers again")
    tables.add("faults", "app worker killed", f"{load.summary()}; counted {counted:.0f}", "none", "", "")


def test_a_killed_app_is_back_by_itself(stack, prometheus, tables):
    """Requests may fail while there is no app, as 502 to 504, and none before or after."""
    with under_load(stack, prometheus) as load:
        stack.compose.python("opinionlens", KILL_ALL)
        wait_until(lambda: load.failed, 20, "the app is missed")
        stack.compose.wait_until_healthy("opinionlens", seconds=60)
    assert {one.status for one in load.failed} <= AWAY
    away = load.seconds_away
    assert away < 30
    counted = assert_counts_agree(prometheus, load, is_killed=True)
    told = f"{load.summary()}; away for {away:.0f} s; counted {counted:.0f}"
    tables.add("faults", "app container killed", told, "none: back within its minute", "", "")


def test_a_killed_mlflow_is_back_by_itself(stack, prometheus, tables):
    with under_load(stack, prometheus) as load:
        began = time.time()
        stack.compose.python("mlflow", KILL_ALL)
        stack.compose.wait_until_healthy("mlflow", seconds=90)
        away = time.time() - began
    assert load.failed == []
    counted = assert_counts_agree(prometheus, load)
    told = f"{load.summary()}; counted {counted:.0f}; healthy again after {away:.0f} s"
    tables.add("faults", "MLflow killed", told, "none: back within its minutes", "", "")


def test_predictions_go_on_without_mlflow(stack, app, prometheus, tables):
    """No prediction fails; the registry's list is refused with 503, and that share of errors is told."""
    alerts = ("RegistryUnreachable", "ErrorShareHigh")
    lists = (app, "GET", "/api/v1/models/registry")
    with under_load(stack, prometheus) as load, AskingOn(*lists) as asking, ExitStack() as later:
        began = time.time()
        # The container is killed and not its process, which would be back before an alert has had its time.
        stack.compose.run("kill", "mlflow")
        # A list may wait for a name server before it fails; those that the two workers have no place for
        # fail at once.
        impatient = later.enter_context(AskingOn(*lists, clients=IMPATIENT))
        try:
            # Half a minute goes by until the app gives up its first question, where no name server answers.
            fired = {name: stack.notifications.fired(name, began, 120) for name in alerts}
        finally:
            impatient.stop()
            stack.compose.run("start", "mlflow")
        stack.compose.wait_until_healthy("mlflow", seconds=90)
        mended = time.time()
        resolved = {name: stack.notifications.resolved(name, began, mended) for name in alerts}
        wait_until(lambda: asking.statuses[-1] == 200, 60, "the registry can be listed again")
    assert load.failed == []
    assert set(asking.statuses) == {200, 503}
    counted = assert_counts_agree(prometheus, load)
    told = f"{load.summary()}; counted {counted:.0f}; the registry's list 503"
    for name in alerts:
        row = (name, f"{fired[name]:.0f} s", f"{resolved[name]:.0f} s")
        tables.add("faults", "MLflow's container killed", told, *row)


def test_predictions_go_on_while_postgresql_is_stopped(stack, app, prometheus, tables):
    """No prediction fails; what needs the database is refused with 503 until it is back.

    MLflow has no database either, but that alert is held back: its cause is told.
    """
    with (
        under_load(stack, prometheus) as load,
        AskingOn(app, "GET", "/api/v1/models/history") as asking,
        AskingOn(app, "GET", "/api/v1/models/registry"),
    ):
        began = time.time()
        stack.compose.run("stop", "--timeout", "10", "postgres")
        try:
            fired = stack.notifications.fired("DatabaseUnreachable", began)
            wait_until(lambda: stack.is_inhibited("RegistryUnreachable", by="DatabaseUnreachable"), 120)
            held_back = time.time() - began
            assert stack.notifications.of("RegistryUnreachable", "firing", began) == []
            time.sleep(max(0.0, began + 30 - time.time()))
        finally:
            stack.compose.run("start", "postgres")
        mended = time.time()
        resolved = stack.notifications.resolved("DatabaseUnreachable", began, mended)
        wait_until(lambda: asking.statuses[-1] == 200, 30, "the history can be read again")
    assert load.failed == []
    assert set(asking.statuses) == {200, 503}
    counted = assert_counts_agree(prometheus, load)
    told = f"{load.summary()}; counted {counted:.0f}; the history 503"
    row = ("DatabaseUnreachable", f"{fired:.0f} s", f"{resolved:.0f} s")
    tables.add("faults", "PostgreSQL stopped for 30 s", told, *row)
    row = ("RegistryUnreachable", f"held back, {held_back:.0f} s", "")
    tables.add("faults", "PostgreSQL stopped for 30 s", "the registry's list 503", *row)


def test_a_restarted_traefik_refuses_for_a_moment(stack, prometheus, tables):
    """Requests may find nobody listening, or a door that has not read its routes yet and knows no name."""
    with under_load(stack, prometheus) as load:
        stack.compose.run("restart", "traefik")
        stack.compose.wait_until_healthy("traefik", seconds=60)
    assert {one.status for one in load.failed} <= {0, 404}
    away = load.seconds_away
    assert away < 15
    counted = assert_counts_agree(prometheus, load, is_killed=True)
    told = f"{load.summary()}; away for {away:.0f} s; counted {counted:.0f}"
    tables.add("faults", "Traefik restarted", told, "none: back within its minute", "", "")


def test_a_swap_costs_no_request(stack, app, prometheus, tables):
    with under_load(stack, prometheus) as load:
        answer = app.ask("POST", "/api/v1/models/opinionlens-2/activate", {"why": "swap under load"})
        assert answer.status == 200, answer.body
        time.sleep(4)
    assert load.failed == []
    assert set(load.versions) == {1, 2}
    # Every worker follows within 2 s.
    last_old = max(one.began for one in load.answered if one.version == 1)
    first_new = min(one.began for one in load.answered if one.version == 2)
    assert last_old - first_new < 2.5
    counted = assert_counts_agree(prometheus, load)
    told = f"{load.summary()}; counted {counted:.0f}; versions {dict(load.versions)}"
    tables.add("faults", "version swapped", told, "none", "", "")


def test_an_app_that_stays_away_is_told(stack, prometheus, tables):
    with under_load(stack, prometheus) as load:
        began = time.time()
        stack.compose.run("stop", "--timeout", "20", "opinionlens")
        try:
            fired = stack.notifications.fired("AppDown", began)
        finally:
            stack.compose.run("start", "opinionlens")
        mended = time.time()
        stack.compose.wait_until_healthy("opinionlens", seconds=60)
        resolved = stack.notifications.resolved("AppDown", began, mended)
    assert {one.status for one in load.failed} <= AWAY
    row = (load.summary(), "AppDown", f"{fired:.0f} s", f"{resolved:.0f} s")
    tables.add("faults", "app stopped", *row)


class AskingOn:
    """People who ask for the same page, each five times a second, for the length of a `with` block."""

    def __init__(self, door, method, path, *, clients=1):
        self.statuses = []
        self._arguments = (door, method, path)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        """Let no one ask again; those who wait go on waiting."""
        self._stop.set()

    def __exit__(self, *_):
        self.stop()
        for thread in self._threads:
            thread.join(65)

    def _run(self):
        door, method, path = self._arguments
        while not self._stop.wait(0.2):
            # The app gives up on the registry after half a minute.
            self.statuses.append(door.ask(method, path, seconds=60).status)


@pytest.fixture(autouse=True)
def is_healthy_again(stack):
    yield
    stack.compose.wait_until_healthy(seconds=120)
