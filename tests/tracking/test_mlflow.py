"""What only the MLflow adapter can do wrong: databases, paths, and MLflow's process-wide state."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import chdir, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opinionlens.base.errors import ArtifactUnsupported, TrackingError
from opinionlens.registry import mlflow as logged_models
from opinionlens.tracking.mlflow import MlflowTracking


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A database as a new process makes it, in an empty folder, and what that process said."""
    folder = tmp_path_factory.mktemp("new")
    script = """
    from opinionlens.registry import mlflow as logged_models
    from opinionlens.tracking.mlflow import MlflowTracking
    MlflowTracking("sqlite:///mlruns.db", models=logged_models).prepare()
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")},
        cwd=folder,
    )
    return folder / "mlruns.db", said


@pytest.fixture
def folder(making: tuple[Path, object], tmp_path: Path) -> Iterator[Path]:
    """A project's folder with an empty store in it, which is the working folder too."""
    shutil.copy(making[0], tmp_path / "mlruns.db")
    with chdir(tmp_path):
        yield tmp_path


def test_a_relative_path_is_meant_as_it_was_given(folder, tmp_path_factory):
    tracking = MlflowTracking("sqlite:///mlruns.db", models=logged_models)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "note.txt").write_text("kept")
    with chdir(elsewhere), tracking.start_run("imdb", "r") as run:
        run.log_file(Path("note.txt"))

    assert [path.name for path in elsewhere.iterdir()] == ["note.txt"]
    assert (folder / "mlruns" / "imdb" / run.id / "artifacts" / "note.txt").read_text() == "kept"


def test_the_database_writes_ahead(folder):
    """It is what keeps a trial's bookkeeping under 100 ms: see the benchmark."""
    with closing(sqlite3.connect(folder / "mlruns.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_mlflows_own_state_is_left_alone(folder):
    import mlflow

    before = mlflow.get_tracking_uri()
    tracking = MlflowTracking("sqlite:///mlruns.db", models=logged_models)
    with tracking.start_run("imdb", "r"):
        assert mlflow.active_run() is None
    assert mlflow.get_tracking_uri() == before
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_two_stores_do_not_mix(folder):
    shutil.copy("mlruns.db", "other.db")
    one, other = (
        MlflowTracking(f"sqlite:///{name}.db", models=logged_models) for name in ("mlruns", "other")
    )
    with one.start_run("imdb", "r") as run:
        assert other.find_runs("imdb") == []
        with pytest.raises(TrackingError):
            other.run(run.id)


def test_a_file_that_is_no_database_is_an_error_that_says_where(tmp_path):
    (tmp_path / "mlruns.db").write_text(
        "this is a text, long enough not to be taken for an empty database\n" * 20
    )

    with pytest.raises(TrackingError, match="not a database") as raised:
        MlflowTracking(f"sqlite:///{tmp_path}/mlruns.db", models=logged_models).prepare()
    assert str(tmp_path / "mlruns.db") in str(raised.value)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(TrackingError):
        MlflowTracking(f"sqlite:///{tmp_path}/file/mlruns.db", models=logged_models).prepare()


def test_a_dead_server_is_an_error_and_its_password_not_repeated(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    tracking = MlflowTracking(
        "http://ann:geheim@127.0.0.1:1", models=logged_models, setting="MLFLOW_TRACKING_URI"
    )

    with pytest.raises(TrackingError) as raised:
        tracking.prepare()
    assert "127.0.0.1:1" in str(raised.value)
    assert "geheim" not in str(raised.value)
    assert "MLFLOW_TRACKING_URI is its address" in str(raised.value)


def test_an_error_stays_the_one_that_is_seen_when_the_run_cannot_be_ended(folder):
    tracking = MlflowTracking("sqlite:///mlruns.db", models=logged_models)
    with pytest.raises(ValueError, match="mine") as raised, tracking.start_run("imdb", "r") as run:
        with closing(sqlite3.connect("mlruns.db")) as connection, connection:
            connection.execute("DELETE FROM runs")
        raise ValueError("mine")

    assert any(run.id in note for note in raised.value.__notes__)


def test_a_model_that_somebody_else_logged_is_refused(folder, tmp_path):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder}/mlruns.db", f"sqlite:///{folder}/mlruns.db")
    model = client.create_logged_model(client.create_experiment("theirs"), name="pickled")
    tracking = MlflowTracking("sqlite:///mlruns.db", models=logged_models)

    with pytest.raises(ArtifactUnsupported, match="did not log"):
        tracking.logged_classifier(model.model_id, tmp_path / "into")
    assert not (tmp_path / "into").exists()
    assert tracking.run_of_classifier(model.model_id) is None


def test_a_registered_run_model_is_not_logged_twice(folder, write_word_model):
    from mlflow import MlflowClient

    digest = write_word_model(folder / "artifact", {"great": 1.0})
    tracking = MlflowTracking("sqlite:///mlruns.db", models=logged_models)
    with tracking.start_run("imdb", "r") as run:
        model_id = run.log_classifier(folder / "artifact", "classifier")
    version = logged_models.MlflowRegistry("sqlite:///mlruns.db").register(
        "sentiment", folder / "artifact", digest=digest, run_id=run.id, tags={}, scores={}
    )

    client = MlflowClient(f"sqlite:///{folder}/mlruns.db", f"sqlite:///{folder}/mlruns.db")
    experiment = client.get_experiment_by_name("imdb").experiment_id
    [model] = client.search_logged_models([experiment])
    assert model.model_id == model_id
    assert version.run_id == run.id
    assert '"name": "sentiment", "version": 1' in model.tags["mlflow.modelVersions"]
    assert [output.model_id for output in client.get_run(run.id).outputs.model_outputs] == [model_id]


def test_making_a_database_says_nothing_and_leaves_nothing_else(making):
    database, said = making

    assert (said.stdout, said.stderr) == ("", "")
    assert list(database.parent.iterdir()) == [database]


def test_many_trials_nest_in_one_parent(folder):
    tracking = MlflowTracking("sqlite:///mlruns.db", models=logged_models)
    now = datetime.now(UTC)
    with tracking.start_run("imdb", "tune_sklearn") as parent:
        trials = {
            tracking.log_trial(parent.id, f"trial_{n}", {"n": n}, {"f1": n / 10}, now, now) for n in range(10)
        }

    found = tracking.find_runs("imdb", parent=parent.id)
    assert {record.id for record in found} == trials
    assert {record.metrics["f1"] for record in found} == {n / 10 for n in range(10)}
