"""The profile `airflow`: runs of its DAG on the stack's database and registry."""

import json
import shutil
import time

import pytest
from tests.stack.asking import Door
from tests.stack.places import CACHE
from tests.support.drift_model import write_model
from tests.support.waiting import wait_until

RUNS = "/api/v2/dags/sentiment_pipeline/dagRuns"
# Shares of labels as the model's training texts do not have them.
SERVED = {"negative": 0.6, "neutral": 0.1, "positive": 0.3}


@pytest.fixture(scope="module")
def address(stack, host, coming_airflow, tables):
    """Airflow, built, healthy, and with a champion to check that knows its training texts."""
    coming_airflow.result(900)
    shutil.rmtree(host.folder / "objects" / "classifier", ignore_errors=True)
    write_model(host.folder / "objects" / "classifier", None)
    host.promote("--force", "for what its reference says")
    try:
        began = time.monotonic()
        stack.compose.run("up", "--detach", "--no-build", "airflow", seconds=240)
        stack.compose.wait_until_healthy("airflow", seconds=240)
        tables.add("bring-up", "airflow healthy", f"{time.monotonic() - began:.1f}")
        yield Door(stack.project.ports["AIRFLOW_PORT"])
    finally:
        stack.keep_log_of("airflow", CACHE / "logs-of-airflow")
        stack.compose.run("rm", "--stop", "--force", "airflow", seconds=120)


@pytest.fixture(scope="module")
def door(address, stack):
    """Airflow's API for its administrator."""
    login = {"username": "admin", "password": stack.project.build["AIRFLOW_ADMIN_PASSWORD"]}
    answer = address.ask("POST", "/auth/token", login)
    assert answer.status == 201, answer.body
    return address.with_key(answer.body["access_token"])


def ended(door, run):
    """Return the states of a run's tasks once it has ended."""

    def state():
        return door.ask("GET", f"{RUNS}/{run}").body["state"] in {"success", "failed"}

    wait_until(state, 240, f"the run {run} ends")
    tasks = door.ask("GET", f"{RUNS}/{run}/taskInstances").body["task_instances"]
    return {task["task_id"]: task["state"] for task in tasks}


def left(door, run, task, key):
    """Return what a task left for others."""
    return door.ask("GET", f"{RUNS}/{run}/taskInstances/{task}/xcomEntries/{key}").body["value"]


def test_nothing_is_shown_without_the_password(address, stack):
    assert address.ask("GET", "/api/v2/dags").status == 401
    guess = {"username": "admin", "password": stack.project.build["MLFLOW_AUTH_ADMIN_PASSWORD"]}
    assert address.ask("POST", "/auth/token", guess).status == 401
    assert stack.project.build["AIRFLOW_ADMIN_PASSWORD"] not in stack.compose.run("logs", "airflow")


def test_the_dag_is_read_without_an_error(door):
    assert door.ask("GET", "/api/v2/importErrors").body["import_errors"] == []
    dags = door.ask("GET", "/api/v2/dags").body["dags"]
    assert [(dag["dag_id"], dag["is_paused"]) for dag in dags] == [("sentiment_pipeline", False)]


def test_the_run_of_the_day_starts_by_itself(door):
    """Nobody has asked the new champion anything yet: that is too little to judge, and no failure."""
    runs = wait_until(lambda: door.ask("GET", RUNS).body["dag_runs"], 60, "there is a run")
    run = runs[0]["dag_run_id"]
    assert ended(door, run) == {"prepare_data": "success", "check_drift": "success", "train": "skipped"}
    assert left(door, run, "check_drift", "drift")["status"] == "too_little_data"


def test_drift_in_the_table_is_found_and_answered(door, stack):
    """By the connection `drift_db`; there are no labels to learn from, which is an outcome and no failure."""
    rows = {"sentiment_dist": SERVED, "window": {"texts": 5_000}}
    values = ", ".join(f"('{kind}', '{json.dumps(value)}')" for kind, value in rows.items())
    insert = f"INSERT INTO drift_data (type, value) VALUES {values}"  # noqa: S608 - our own
    psql = ("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", "opinionlens", "-c", insert)
    stack.compose.docker.run("exec", stack.compose.container("postgres"), *psql)
    run = door.ask("POST", RUNS, {"logical_date": None}).body["dag_run_id"]
    assert ended(door, run) == {"prepare_data": "success", "check_drift": "success", "train": "success"}
    drift = left(door, run, "check_drift", "drift")
    assert (drift["status"], drift["source"]) == ("drift", "table")
    assert "label_shift" in drift["measures"]
    assert left(door, run, "train", "training")["outcome"] == "nothing_new"
