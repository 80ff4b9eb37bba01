"""`opinionlens drift check --from …`: the order of sources, and what their windows are compared with."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from opinionlens.base.airflow_connections import database_url
from opinionlens.base.errors import InputError, SettingsInvalid, TrackingError
from opinionlens.base.settings import load_settings
from opinionlens.cli.main import app
from opinionlens.drift.baseline import save_baseline
from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.window_summary import compare_with_baseline, summary_in
from opinionlens.jobs.drift_monitoring import metrics_of, record_run
from opinionlens.jobs.drift_sources.drift_source import SourceUnusable
from opinionlens.jobs.drift_sources.handed_in import HandedInSource
from opinionlens.jobs.drift_sources.mlflow_runs import MlflowRunsSource
from opinionlens.jobs.drift_sources.window_files import read_window_file, write_window_file
from opinionlens.jobs.time_limits import finish_within
from opinionlens.registry import mlflow as logged_models
from opinionlens.storage import Database, drift_reports, migrate
from opinionlens.tracking import MemoryTracking
from opinionlens.tracking.mlflow import MlflowTracking

USUAL = {"negative": 0.5, "neutral": 0.25, "positive": 0.25}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_mlflow_database) -> Path:
    """A folder with empty stores, and no model."""
    for name in ("DRIFT_DB_URI", "AIRFLOW_CONN_DRIFT_DB", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE__URL", f"sqlite:///{tmp_path / 'opinionlens.db'}")
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", new_mlflow_database(tmp_path / "mlruns.db"))
    monkeypatch.chdir(tmp_path)
    migrate(f"sqlite:///{tmp_path / 'opinionlens.db'}")
    (tmp_path / "drift").mkdir()
    return tmp_path


def check(*options: str, given: str | None = None) -> Result:
    # There is no such model: what needs none must not ask for one.
    return CliRunner().invoke(app, ["drift", "check", "--model", "objects/classifier", *options], input=given)


def as_json(result: Result) -> dict[str, Any]:
    return json.loads(result.stdout)


@pytest.fixture
def tracking(project: Path) -> MlflowTracking:
    return MlflowTracking(f"sqlite:///{project / 'mlruns.db'}", models=logged_models)


@pytest.fixture
def database(project: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{project / 'opinionlens.db'}")) as database:
        yield database


def test_the_documented_file_beside_a_baseline_of_its_dimension(project: Path, database: Database) -> None:
    """The older README's lines, as they stand there."""
    save_baseline(USUAL, np.ones(768))
    snippet = """
    import numpy as np
    np.savez('drift/recent.npz', sentiment_dist=np.array([0.2,0.6,0.2]), embeddings=np.random.randn(10, 768))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(snippet)], check=True, cwd=project)
    result = check("--from", "disk", "--json")
    assert result.exit_code == 3, result.output  # noise is far from a baseline of ones
    report = as_json(result)
    assert (report["status"], report["source"], report["texts"]) == ("drift", "disk", 10)
    assert report["model"] == {"name": "drift/baseline.json", "version": None}
    values = {one["name"]: one["value"] for one in report["measures"]}
    assert values.keys() == {"label_drift", "embedding_drift", "combined_drift"}
    assert (
        report["combined_drift"]
        == values["combined_drift"]
        == pytest.approx(values["label_drift"] + values["embedding_drift"])
    )
    (stored,) = drift_reports.newest(database).rows
    assert (stored.has_drifted, stored.model_name, stored.body["source"]) == (
        True,
        "drift/baseline.json",
        "disk",
    )


def test_another_dimension_is_refused_with_both_named(project: Path) -> None:
    save_baseline(USUAL, np.ones(384))
    np.savez(
        "drift/recent.npz", sentiment_dist=np.array([0.2, 0.6, 0.2]), embeddings=np.random.randn(10, 768)
    )
    result = check("--from", "disk")
    assert isinstance(result.exception, InputError)
    words = str(result.exception)
    assert "The embeddings have 768 dimensions, those of the baseline drift/baseline.json 384" in words
    assert "drift/recent.npz" in words


def test_sources_in_order_with_a_reason_for_each(
    project: Path, tracking: MlflowTracking, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken, of the wrong shape, late, then one that fits."""
    save_baseline(USUAL, np.ones(4))
    (project / "pushed.json").write_text("{")
    (project / "recent.json").write_text(json.dumps({"sentiment_dist": [0.5, 0.5]}))
    with tracking.start_run("any", "local_test") as run:
        run.log_file(project / "recent.json", "drift")
    theirs = project / "theirs.db"
    theirs.touch()
    monkeypatch.setenv("DRIFT_DB_URI", f"sqlite:///{theirs}")
    week_ago = datetime.now(UTC) - timedelta(days=7)
    with (
        closing(Database(f"sqlite:///{theirs}", is_foreign=True)) as foreign,
        foreign.writing() as connection,
    ):
        connection.exec_driver_sql(
            "CREATE TABLE drift_data (id INTEGER, type TEXT, value TEXT, created_at TEXT)"
        )
        connection.exec_driver_sql(
            "INSERT INTO drift_data VALUES (1, 'sentiment_dist', '[0.5, 0.25, 0.25]', ?)",
            (week_ago.strftime("%Y-%m-%d %H:%M:%S"),),
        )
    write_window_file(
        Path("drift/recent.json"),
        {"sentiment_dist": USUAL, "embeddings": [[2.0, 2.0, 2.0, 2.0]], "texts": 900},
        at=datetime.now(UTC),
    )
    result = check("--xcom", "pushed.json", "--json")
    assert result.exit_code == 0, result.output
    report = as_json(result)
    tried = {one["source"]: one["why_not"] for one in report["sources"]}
    assert list(tried) == ["log", "xcom", "mlflow", "table", "disk"]
    assert "classifier" in tried["log"]  # no model, so no log of one
    assert "no JSON" in tried["xcom"]
    assert "not three numbers" in tried["mlflow"]
    assert run.id in tried["mlflow"]
    assert "168 hours old, and at most 48 are allowed" in tried["table"]
    assert tried["disk"] is None
    assert report["texts"] == 900
    # the reasons are in the stored report, too
    stored = drift_reports.newest(database).rows[0].body["notes"]
    assert [note.split()[1] for note in stored[-4:]] == ["log:", "xcom:", "mlflow:", "table:"]
    assert theirs.stat().st_mode & 0o077  # another program's file keeps its mode
    assert check("--from", "table", "--since", "8d").exit_code == 0


def test_the_order_is_a_setting(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_baseline(USUAL, np.ones(2))
    window = {"sentiment_dist": USUAL, "embeddings": [[1.0, 1.0]]}
    write_window_file(Path("drift/recent.json"), window, at=datetime.now(UTC))
    Path("pushed.json").write_text(json.dumps(window))
    monkeypatch.setenv("DRIFT__SOURCES", "disk, xcom")
    assert as_json(check("--xcom", "pushed.json", "--json"))["source"] == "disk"
    assert as_json(check("--from", "xcom,disk", "--xcom", "pushed.json", "--json"))["source"] == "xcom"
    monkeypatch.setenv("DRIFT__SOURCES", "disk,tape")
    assert "DRIFT__SOURCES" in str(check().exception)
    monkeypatch.delenv("DRIFT__SOURCES")
    assert "'tape' is no source" in str(check("--from", "tape").exception)


def test_nothing_anywhere_is_too_little_data(project: Path) -> None:
    result = check("--from", "xcom", "--from", "mlflow", "--from", "table", "--from", "disk", "--json")
    assert result.exit_code == 4, result.output
    report = as_json(result)
    assert (report["status"], report["source"], len(report["sources"])) == ("too_little_data", None, 4)
    assert not any(one["taken"] for one in report["sources"])
    said = check("--from", "disk")
    assert said.exit_code == 4
    assert "Source disk: There is no recent.npz or recent.json. [drift]" in said.stderr


def test_standard_input_is_handed_in(project: Path) -> None:
    save_baseline(USUAL, np.ones(2))
    pushed = {"sentiment_dist": [0.0, 0.0, 1.0], "embeddings": [[1.0, 1.0], [1.0, 1.1]]}
    result = check("--from", "xcom", "--xcom", "-", given=json.dumps(pushed))
    assert result.exit_code == 3, result.output
    assert "Drift: 2 texts of standard input differ from drift/baseline.json (by constants" in result.stderr
    assert check("--from", "xcom", "--xcom", "-", given="").exit_code == 4
    assert check("--from", "xcom", "--xcom", "-", given='{"sentiment_dist": null}').exit_code == 4


def test_a_file_can_be_named_in_place_of_arrays(project: Path) -> None:
    save_baseline(USUAL, np.ones(2))
    write_window_file(
        Path("elsewhere.npz"), {"sentiment_dist": USUAL, "embeddings": [[1.0, 1.0]]}, at=datetime.now(UTC)
    )
    assert check("--from", "xcom", "--xcom", "-", given='{"window": "elsewhere.npz"}').exit_code == 0
    missing = check("--from", "xcom", "--xcom", "-", given='{"window": "nowhere.npz"}')
    assert "There is no such file. [nowhere.npz]" in str(missing.exception)


def test_shares_alone_have_the_older_threshold(project: Path) -> None:
    """KL((½,¼,¼) ‖ (½,¼,¼)) = 0; KL((¾,⅛,⅛) ‖ …) = ¾·ln 1.5 + ¼·ln ½ = 0.131; of (.9,.05,.05) it is 0.368."""
    baseline = save_baseline(USUAL, np.ones(2))
    for share, expected, drifted in ((0.75, 0.131, False), (0.9, 0.368, True)):
        rest = (1 - share) / 2
        window = summary_in({"sentiment_dist": [share, rest, rest]}, at=datetime.now(UTC), place="here")
        found = compare_with_baseline(window, baseline)
        assert found.value("label_drift") == pytest.approx(expected, abs=1e-3)
        assert found.has_drifted is drifted
        assert found.combined_drift is None


def test_every_check_is_a_run(project: Path, tracking: MlflowTracking) -> None:
    save_baseline(USUAL, np.ones(2))
    pushed = json.dumps({"sentiment_dist": [0.25, 0.5, 0.25], "embeddings": [[1.0, 0.0]]})
    report = as_json(check("--from", "xcom", "--xcom", "-", "--json", given=pushed))
    run = tracking.run(report["mlflow_run"])
    assert (run.name, run.experiment, run.status) == (
        "drift_monitoring",
        "imdb_amazon_airtweets_data",
        "FINISHED",
    )
    # KL of the shares is 0.173, and one minus the cosine of 45° 0.293.
    assert run.metrics["label_drift"] == pytest.approx(0.1733, abs=1e-3)
    assert run.metrics["embedding_drift"] == pytest.approx(0.2929, abs=1e-4)
    assert run.metrics["combined_drift"] == pytest.approx(0.4662, abs=1e-3)
    assert run.metrics["combined_drift_threshold"] == 0.35
    assert run.metrics["drift_score"] == pytest.approx(0.4662 / 0.35, abs=1e-3)
    assert {"drift.source": "xcom", "drift.status": "drift"}.items() <= run.tags.items()


def test_without_mlflow_a_check_ends_well(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_baseline(USUAL, np.ones(2))
    (project / "mlruns.db").write_bytes(b"no database at all, and longer than a header")
    pushed = json.dumps({"sentiment_dist": USUAL, "embeddings": [[1.0, 1.0]]})
    result = check("--from", "mlflow,xcom", "--xcom", "-", "--json", given=pushed)
    assert result.exit_code == 0, result.output
    assert "The run was not recorded in MLflow: " in result.stderr
    report = as_json(result)
    assert report["mlflow_run"] is None
    assert "mlruns.db" in report["sources"][0]["why_not"]


def test_a_check_does_not_wait_for_mlflow_for_ever() -> None:
    released = threading.Event()

    class Silent(MemoryTracking):
        """A store that takes the call and says nothing."""

        def start_run(self, *arguments: Any, **options: Any):
            released.wait(30)
            return super().start_run(*arguments, **options)

        def recent_runs(self, *, most: int, without_name: str):
            released.wait(30)
            return []

    try:
        with pytest.raises(TrackingError, match="longer than 0 s"):
            record_run(
                Silent(), "e", WindowComparison(300, 0, 0.01, ()), source="disk", model="m", seconds=0.05
            )
        with pytest.raises(SourceUnusable, match="longer than 0 s") as raised:
            MlflowRunsSource(Silent(), seconds=0.05).newest()
        assert raised.value.is_broken
    finally:
        released.set()


def test_work_in_time_gives_its_result_or_its_error() -> None:
    assert finish_within(30, lambda: 7, "seven") == 7
    with pytest.raises(InputError, match="wrong"):
        finish_within(30, lambda: (_ for _ in ()).throw(InputError("wrong")), "error")


def test_the_runs_of_checks_do_not_hide_a_window(tmp_path: Path) -> None:
    """A check an hour gives a hundred runs in four days."""
    tracking = MemoryTracking()
    (tmp_path / "recent.json").write_text(json.dumps({"sentiment_dist": USUAL}))
    with tracking.start_run("e", "local_test") as run:
        run.log_file(tmp_path / "recent.json", "drift")
    for _ in range(150):
        with tracking.start_run("e", "drift_monitoring"):
            pass
    assert run.id in MlflowRunsSource(tracking).newest().place
    for number in range(99):
        with tracking.start_run("e", f"trial_{number}"):
            pass
    assert run.id in MlflowRunsSource(tracking).newest().place
    with tracking.start_run("e", "one more"):
        pass
    with pytest.raises(SourceUnusable, match="None of the last 100 runs"):
        MlflowRunsSource(tracking).newest()


def test_pickled_arrays_stay_closed(tmp_path: Path) -> None:
    marker = tmp_path / "opened"

    class Opened:
        def __reduce__(self):
            return (Path.touch, (marker,))

    np.savez(tmp_path / "recent.npz", sentiment_dist=np.array([Opened()], dtype=object))
    with pytest.raises(InputError, match="holds objects"):
        read_window_file(tmp_path / "recent.npz")
    assert not marker.exists()


def test_files_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    with path.open("wb") as stream:
        stream.truncate(100_000_001)
    with pytest.raises(InputError, match="larger than 100 MB"):
        read_window_file(path)
    # a small file that would grow
    np.savez_compressed(tmp_path / "recent.npz", sentiment_dist=np.zeros(13_000_000))
    assert (tmp_path / "recent.npz").stat().st_size < 1_000_000
    with pytest.raises(InputError, match="arrays are larger than 100 MB"):
        read_window_file(tmp_path / "recent.npz")
    with pytest.raises(InputError, match="no ordinary file"):
        read_window_file(tmp_path)
    source = HandedInSource("-", read_input=lambda most: b" " * most)
    with pytest.raises(SourceUnusable, match="More than 100 MB"):
        source.newest()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "`sentiment_dist` is missing"),
        ({"sentiment_dist": [1, 0, 0], "texts": -1}, "`texts` is no number"),
        ({"sentiment_dist": [1, 0, 0], "texts": True}, "`texts` is no number"),
        ({"sentiment_dist": [1, 0, 0], "created_at": "2026-11-28T00:00:00"}, "no time with a zone"),
        ({"sentiment_dist": [1, 0, 0], "start": 5}, "no time with a zone"),
        ({"sentiment_dist": np.array(["1", "0", "0"])}, "no numbers"),
        ({"sentiment_dist": [float("nan"), 0, 1]}, "NaN"),
    ],
)
def test_values_that_are_no_window(values: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        summary_in(values, at=datetime.now(UTC), place="here")


def test_a_written_file_is_read_back(tmp_path: Path) -> None:
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    values = {
        "sentiment_dist": USUAL,
        "embeddings": [[0.5, -0.5]],
        "texts": 1_200,
        "start": "2026-11-27T12:00:00+00:00",
    }
    for ending in ("npz", "json"):
        write_window_file(tmp_path / f"recent.{ending}", values, at=at)
        window = summary_in(read_window_file(tmp_path / f"recent.{ending}"), at=datetime.now(UTC), place="")
        assert window.shares.tolist() == [0.5, 0.25, 0.25]
        assert window.embedding is not None
        assert (window.embedding.tolist(), window.texts, window.at) == ([0.5, -0.5], 1_200, at)
        assert window.start == at - timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u:p@db:5432/drift", "postgresql://u:p@db:5432/drift"),
        ("postgresql+psycopg2://u:p@db/drift?sslmode=require", "postgresql://u:p@db/drift?sslmode=require"),
        ("sqlite:////folder/file.db", "sqlite:////folder/file.db"),
        ("sqlite://%2Ffolder%2Ffile.db", "sqlite:////folder/file.db"),
        (
            '{"conn_type": "postgres", "host": "db", "login": "u", "password": "@","port": 1, "schema": "d"}',
            "postgresql://u:%40@db:1/d",
        ),
        ('{"conn_type": "sqlite", "host": "/folder/file.db"}', "sqlite:////folder/file.db"),
    ],
)
def test_connections_of_airflow(given: str, expected: str) -> None:
    assert database_url(given, "AIRFLOW_CONN_DRIFT_DB") == expected


@pytest.mark.parametrize("given", ['{"conn_type": "mysql", "host": "secret"}', '{"secret'])
def test_other_connections_are_refused_unseen(given: str) -> None:
    with pytest.raises(SettingsInvalid, match="AIRFLOW_CONN_DRIFT_DB") as raised:
        database_url(given, "AIRFLOW_CONN_DRIFT_DB")
    assert "secret" not in str(raised.value)


def test_a_connection_of_another_kind_stops_only_the_table(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DRIFT_DB", "mysql://u:hidden@db/drift")
    assert load_settings().drift.db_setting == "AIRFLOW_CONN_DRIFT_DB"
    result = check("--from", "table")
    assert "AIRFLOW_CONN_DRIFT_DB: mysql is not supported" in str(result.exception)
    assert "hidden" not in str(result.exception)
    monkeypatch.setenv("DRIFT_DB_URI", f"sqlite:///{project / 'none.db'}")
    assert load_settings().drift.db_setting == "DRIFT_DB_URI"
    assert "database's file" in str(check("--from", "table").exception)
    monkeypatch.setenv("DRIFT__DB_URI", f"sqlite:///{project / 'opinionlens.db'}")
    assert load_settings().drift.db_setting == "DRIFT__DB_URI"
    assert check("--from", "table").exit_code == 4


def test_metrics_leave_out_what_was_not_taken() -> None:
    assert metrics_of(WindowComparison(150, 0, 0.01, ())) == {"texts": 150}


def test_sources_exclude_other_windows(project: Path) -> None:
    for options in (("--last", "300"), ("--input", "file.csv")):
        assert "exclude --from" in str(check("--from", "disk", *options).exception)
