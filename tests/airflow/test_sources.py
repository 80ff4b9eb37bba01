"""Where the DAG's check finds recent texts: each of the second system's sources."""

import json
import sqlite3
from contextlib import closing

import pytest

from opinionlens.storage import migrate

# Two labels have changed places.
SWAPPED = {"negative": 0.2, "neutral": 0.3, "positive": 0.5}
WINDOW = {"sentiment_dist": SWAPPED, "texts": 5_000}


def test_what_a_run_is_given_goes_through_xcom_and_is_checked_first(airflow, serve, receiver):
    serve(400, drifted=False)
    states, log = airflow.test_dag("2026-11-07", WINDOW)
    assert states["train"] == "success", log
    assert airflow.xcom("prepare_data", "sentiment_dist") == SWAPPED
    assert airflow.xcom("prepare_data", "embeddings") is None
    assert (airflow.xcom("check_drift", "drift")["source"], receiver.taken[0]["body"]["event"]) == (
        "xcom",
        "drift",
    )


def in_mlflow(airflow, project, tmp_path):
    from mlflow import MlflowClient

    client = MlflowClient(airflow.environment["MLFLOW_TRACKING_URI"])
    experiment = client.create_experiment("another", (tmp_path / "artifacts").as_uri())
    client.log_dict(client.create_run(experiment).info.run_id, WINDOW, "drift/recent.json")


def in_a_table(airflow, project, tmp_path):
    file = tmp_path / "other.db"
    migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection, connection:
        # One statement: rows of one window have one time.
        connection.execute(
            "INSERT INTO drift_data (type, value) VALUES ('sentiment_dist', ?), ('window', ?)",
            [json.dumps(SWAPPED), json.dumps({"texts": 5_000})],
        )
    airflow.environment["AIRFLOW_CONN_DRIFT_DB"] = f"sqlite:///{file}"


def on_disk(airflow, project, tmp_path):
    (project / "drift").mkdir()
    (project / "drift" / "recent.json").write_text(json.dumps(WINDOW))


@pytest.mark.parametrize(("source", "put"), [("mlflow", in_mlflow), ("table", in_a_table), ("disk", on_disk)])
def test_each_other_source_is_read_by_the_task(airflow, project, tmp_path, source, put):
    put(airflow, project, tmp_path)
    airflow.variables["drift_sources"] = f"xcom,{source}"
    done = airflow.run("tasks", "test", "sentiment_pipeline", "check_drift", "2026-11-08")
    (report,) = (airflow.home / "sentiment_pipeline").glob("*/drift.json")
    found = json.loads(report.read_text())
    assert (found["source"], found["status"]) == (source, "drift"), done.stdout + done.stderr
    assert [one["source"] for one in found["sources"]] == ["xcom", source]
