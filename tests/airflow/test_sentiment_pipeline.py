"""The DAG, run by Airflow."""

import json
from pathlib import Path

from tests.support.programs import ROOT

from opinionlens.storage import Database, drift_reports

SUCCESS = {"prepare_data": "success", "check_drift": "success"}


def test_airflow_reads_the_dag_and_finds_what_is_documented(airflow):
    done = airflow.run("dags", "list-import-errors", "-o", "json")
    assert (done.returncode, json.loads(done.stdout.splitlines()[-1])) == (0, []), done.stderr
    assert list((ROOT / "airflow" / "dags").glob("*.py")) == [
        ROOT / "airflow" / "dags" / "sentiment_pipeline.py"
    ]
    airflow.run("dags", "reserialize")
    ((schedule, most, found),) = airflow.rows(
        "SELECT timetable_summary, max_active_runs, d.data FROM dag JOIN serialized_dag d USING (dag_id)"
    )
    assert most == 1
    assert schedule in ("@daily", "0 0 * * *")
    dag = json.loads(found)["dag"]
    assert dag["catchup"] is False
    tasks = {task["__var"]["task_id"]: task["__var"] for task in dag["tasks"]}
    following = {name: task.get("downstream_task_ids", []) for name, task in tasks.items()}
    assert following == {"prepare_data": ["check_drift"], "check_drift": ["train"], "train": []}


def test_without_drift_nothing_is_trained_also_in_a_repeated_run(airflow, serve, receiver):
    serve(600, drifted=False)
    for _ in range(2):
        states, log = airflow.test_dag("2026-11-01")
        assert states == {**SUCCESS, "train": "skipped", "run": "success"}, log
    assert receiver.taken == []
    report = json.loads(Path(airflow.xcom("check_drift", "report")).read_text())
    assert (report["status"], report["texts"]) == ("no_drift", 600)
    assert len(drift_reports.newest(Database(serve.url)).rows) == 2


def test_drift_is_told_and_another_server_asked_to_train(airflow, serve, receiver):
    serve(600, drifted=True)
    states, log = airflow.test_dag("2026-11-02")
    assert states == {**SUCCESS, "train": "success", "run": "success"}, log
    told, asked = receiver.taken
    assert (told["path"], told["body"]["event"]) == ("/200", "drift")
    assert "term_shift" in told["body"]["drift"]["measures"]
    assert (asked["path"], asked["body"]["event"]) == ("/202", "opinionlens-retrain")
    assert asked["headers"]["Authorization"] == "Bearer a-secret-token"
    assert asked["body"]["run_id"] == told["body"]["run_id"]
    assert "a-secret-token" not in log
    # XCom holds references and a few numbers: no texts, no arrays.
    (most,) = airflow.rows("SELECT max(length(value)) FROM xcom")[0]
    assert most < 1_000
    assert "batteries" not in json.dumps([told, asked])


def test_drift_is_followed_by_a_retraining_here(airflow, serve, receiver):
    """The real command, which has no labels to learn from here: an outcome, and no failure."""
    serve(600, drifted=True)
    airflow.variables["training"] = "propose"
    states, log = airflow.test_dag("2026-11-06")
    assert states == {**SUCCESS, "train": "success", "run": "success"}, log
    assert [taken["body"]["event"] for taken in receiver.taken] == ["drift", "training"]
    assert "too few new labels to learn from" in receiver.taken[-1]["body"]["text"]
    assert airflow.xcom("train", "training")["outcome"] == "nothing_new"


def test_a_check_that_fails_is_tried_again_and_then_told(airflow, receiver):
    airflow.variables["model"] = "/nowhere/model"
    states, log = airflow.test_dag("2026-11-03")
    assert states == {
        "prepare_data": "success",
        "check_drift": "failed",
        "train": "upstream_failed",
        "run": "failed",
    }
    assert log.count("/nowhere/model") >= 3, log
    (told,) = receiver.taken
    assert (told["body"]["event"], told["body"]["task_id"]) == ("failure", "check_drift")
    assert "/nowhere/model" in told["body"]["text"]


def test_a_wrong_setting_is_not_tried_again_and_a_deaf_receiver_changes_nothing(airflow, receiver):
    airflow.variables |= {"training": "gitlab", "webhook_url": f"{receiver.address}/500"}
    states, log = airflow.test_dag("2026-11-04")
    assert states["prepare_data"] == "failed"
    assert airflow.rows("SELECT try_number FROM task_instance WHERE task_id = 'prepare_data'") == [(1,)], log
    assert "The notification was not delivered: 127.0.0.1 answered 500" in log


def test_single_tasks_can_be_tried(airflow, serve):
    serve(250, drifted=True)
    for task in ("prepare_data", "check_drift"):
        done = airflow.run("tasks", "test", "sentiment_pipeline", task, "2026-11-05")
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Drift: 250 texts differ from the training texts" in done.stdout + done.stderr
