"""Airflow as `make airflow-env` installs it, on SQLite, and a project whose predictions it checks."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.test_drift_check import rows_of, write_model
from tests.support.drift_traffic import TRAINING, posts
from tests.support.programs import ROOT, clean_environment
from tests.support.web_receiver import Receiver

from opinionlens.classifiers.load import load_classifier
from opinionlens.pipeline.lineage import hash_of_files
from opinionlens.storage import Database, migrate, predictions

AIRFLOW = ROOT / ".cache" / "airflow" / "bin" / "airflow"
COMMAND = Path(sys.executable).with_name("opinionlens")
# Far more than on a quiet machine: a call takes ten to twenty seconds there, and a test makes two at most.
_CALL_SECONDS = 240
_TEST_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(_TEST_SECONDS))


@dataclass
class Airflow:
    """Airflow's command with a home of its own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def environment_of_programs(self) -> dict[str, str]:
        """Return what Airflow's programs see: our Variables, and nothing of this machine's Airflow."""
        kept = {name: value for name, value in clean_environment().items() if not name.startswith("AIRFLOW")}
        variables = {
            f"AIRFLOW_VAR_OPINIONLENS_{name.upper()}": value for name, value in self.variables.items()
        }
        return {
            **kept,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "airflow" / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "SENTIMENT_PIPELINE_RETRY_SECONDS": "1",
            "NO_PROXY": "127.0.0.1",
            **variables,
            **self.environment,
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command of Airflow."""
        return subprocess.run(
            [AIRFLOW, *words],
            cwd=self.home,
            env=self.environment_of_programs(),
            capture_output=True,
            text=True,
            timeout=_CALL_SECONDS,
            check=False,
        )

    def test_dag(self, date: str, conf: dict[str, Any] | None = None) -> tuple[dict[str, str], str]:
        """Run the DAG for a day; return the states of its tasks, and all that was written."""
        began = time.monotonic()
        given = ["--conf", json.dumps(conf)] if conf else []
        done = self.run("dags", "test", "sentiment_pipeline", date, *given)
        states = self.states()
        print(f"dags test took {time.monotonic() - began:.0f} s: {states}")
        return states, done.stdout + done.stderr

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask Airflow's database."""
        with closing(sqlite3.connect(self.home / "airflow.db")) as connection:
            return connection.execute(question).fetchall()

    def states(self) -> dict[str, str]:
        """Return the state of each task of the newest run, and that of the run."""
        newest = "(SELECT run_id FROM dag_run ORDER BY id DESC LIMIT 1)"
        found = dict(self.rows(f"SELECT task_id, state FROM task_instance WHERE run_id = {newest}"))  # noqa: S608
        return found | dict(self.rows("SELECT 'run', state FROM dag_run ORDER BY id DESC LIMIT 1"))

    def xcom(self, task_id: str, key: str) -> Any:
        """Return what a task of the newest run left under a name."""
        newest = "SELECT run_id FROM dag_run ORDER BY id DESC LIMIT 1"
        question = (
            f"SELECT value FROM xcom WHERE task_id = '{task_id}' AND key = '{key}' AND run_id = ({newest})"  # noqa: S608
        )
        rows = self.rows(question)
        return json.loads(rows[0][0]) if rows else None


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory):
    """Airflow's folder with the tables in its database."""
    assert AIRFLOW.exists(), "run `make airflow-env` first"
    home = tmp_path_factory.mktemp("migrated")
    done = Airflow(home).run("db", "migrate")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A folder with training texts, a model of them, and no predictions yet."""
    import polars as pl

    root = tmp_path_factory.mktemp("project")
    folder = root / "data" / "preprocessed"
    folder.mkdir(parents=True)
    pl.DataFrame({"text": TRAINING, "label": ["NEUTRAL"] * 6_000, "source": ["posts"] * 6_000}).write_parquet(
        folder / "train.parquet"
    )
    write_model(root / "objects" / "classifier", hash_of_files(folder))
    shutil.copy(ROOT / "params.yaml", root)
    migrate(f"sqlite:///{root / 'empty.db'}")
    return root


@pytest.fixture
def serve(project, tmp_path):
    """A function that lets the app have served texts, on the sides of drift or not."""
    file = tmp_path / "served.db"
    shutil.copy(project / "empty.db", file)

    def serve(count: int, *, drifted: bool) -> None:
        texts = posts(random.Random(7), count)
        if drifted:
            texts = [f"recall of the batteries {text}" for text in texts]
        classifier = load_classifier(project / "objects" / "classifier")
        rows = rows_of(classifier, texts, datetime.now(UTC), None, keeps=True)
        predictions.write(Database(f"sqlite:///{file}"), rows)

    serve.url = f"sqlite:///{file}"
    return serve


@pytest.fixture
def receiver():
    """A server for notifications and requests to train."""
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def airflow(migrated_home, project, serve, receiver, new_mlflow_database, tmp_path):
    """Airflow with an empty history, told where project, model and receiver are."""
    home = tmp_path / "airflow"
    shutil.copytree(migrated_home, home)
    config = home / "airflow.cfg"
    config.write_text(config.read_text().replace(str(migrated_home), str(home)))
    variables = {
        "project": str(project),
        "command": str(COMMAND),
        "model": str(project / "objects" / "classifier"),
        "training": "http",
        "training_url": f"{receiver.address}/202",
        "training_token": "a-secret-token",
        "webhook_url": f"{receiver.address}/200",
    }
    return Airflow(
        home, variables, {"DATABASE__URL": serve.url, "MLFLOW_TRACKING_URI": new_mlflow_database()}
    )
