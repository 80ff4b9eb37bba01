"""`opinionlens promote` and `register_model`, on a real MLflow, with the registry in a child."""

import shutil
import socket
import sys

import polars as pl
import pytest

from opinionlens.base.errors import RegistryUnavailable
from opinionlens.cli import promotion
from opinionlens.cli.main import main, register_model_main
from opinionlens.cli.promotion import run_promote, run_register_model
from opinionlens.pipeline.origin import Origin, write_origin
from opinionlens.registry import mlflow as registry_mlflow
from opinionlens.registry.mlflow import MlflowRegistry
from opinionlens.tracking.mlflow import MlflowTracking

# No baseline has met them.
SIGNS = {"glorp": "POSITIVE", "drib": "NEGATIVE", "klem": "NEUTRAL"}
SKILLED = {"glorp": 3.0, "drib": -3.0}
PARAMS = """
evaluation: {bootstrap_samples: 100}
promotion: {model_name: "by [the] stage", max_calibration_error: 0.9}
"""


@pytest.fixture(scope="module")
def tracking(tmp_path_factory, new_mlflow_database):
    """A project with splits and one MLflow database for all tests, which use model names of their own."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "params.yaml").write_text(PARAMS)
    rows = [(f"item {n} {word}", label, "tickets") for n in range(60) for word, label in SIGNS.items()]
    preprocessed = folder / "data" / "preprocessed"
    preprocessed.mkdir(parents=True)
    for split in ("train", "test"):
        frame = pl.DataFrame(rows, schema=["text", "label", "source"], orient="row")
        frame.write_parquet(preprocessed / f"{split}.parquet")
    store = MlflowTracking(new_mlflow_database(folder / "mlruns.db"), models=registry_mlflow)
    store.prepare()
    store.folder = folder
    return store


@pytest.fixture(autouse=True)
def project(tracking, monkeypatch):
    """Work in the project, whose settings are the environment alone."""
    monkeypatch.chdir(tracking.folder)
    for name in ("ENV", "MLFLOW__REMOTE_TRACKING_URI", "MLFLOW__REMOTE_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", "sqlite:///mlruns.db")
    monkeypatch.setenv("COLUMNS", "200")
    return tracking.folder


@pytest.fixture(scope="module")
def registry(tracking):
    """A second look at the same registry, from this process."""
    return MlflowRegistry(f"sqlite:///{tracking.folder / 'mlruns.db'}")


@pytest.fixture(scope="module")
def logged(tracking, write_word_model, tmp_path_factory):
    """Log a classifier as the tuning stage does; returns the ids of the run and of the model."""

    def log(words):
        with tracking.start_run("imdb", "tune_sklearn") as run:
            folder = tmp_path_factory.mktemp("made") / "classifier"
            write_word_model(folder, words)
            return run.id, run.log_classifier(folder, "classifier")

    return log


@pytest.fixture(scope="module")
def skilled(logged):
    """A classifier that knows every sign."""
    return logged(SKILLED)


@pytest.fixture
def remote_that_is_away(monkeypatch):
    """An address where nobody listens; connections to it are refused at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW__REMOTE_TRACKING_URI", address)
    return address


def said_by(command, arguments, monkeypatch, capsys):
    """Run a console script's entry point; returns its exit status and what it printed as an error."""
    monkeypatch.setattr(sys, "argv", ["script", *arguments])
    with pytest.raises(SystemExit) as ended:
        command()
    return ended.value.code, capsys.readouterr().err


def assert_one_message(error):
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_good_model_is_registered_with_its_run_and_becomes_champion(skilled, registry, capsys):
    run_id, model_id = skilled
    run_register_model(model_id, "good", force=None)
    version = registry.by_alias("good", "champion")
    assert (version.number, version.run_id) == (1, run_id)
    assert version.servable
    assert version.tags["gate"] == "passed"
    output = capsys.readouterr().out
    assert "good version 1 is the champion." in output
    assert "zero_rule_baseline" in output


@pytest.fixture
def without_a_child(registry, monkeypatch):
    """Save the seconds that a child takes to start: the registry in this process instead."""
    monkeypatch.setattr(promotion, "with_login", lambda settings, work: work(registry))


def test_registering_the_champion_again_changes_nothing(skilled, registry, without_a_child, capsys):
    run_register_model(skilled[1], "twice", force=None)
    run_register_model(skilled[1], "twice", force="again")
    assert len(registry.versions("twice")) == 1
    assert "twice version 1 is the champion already; nothing changed." in capsys.readouterr().out


def test_refused_model_is_registered_without_the_alias_and_told_why(
    logged, registry, without_a_child, capsys
):
    run_id, model_id = logged({"unrelated": 1.0})
    run_register_model(model_id, "weak", force=None)
    (version,) = registry.versions("weak")
    assert (version.aliases, version.run_id, version.tags["gate"]) == ((), run_id, "refused")
    output = capsys.readouterr().out
    assert "it is not better beyond chance" in output
    assert "weak version 1 is registered, but did not become the champion." in output


def test_force_promotes_the_tuned_classifier_and_records_the_reason(
    project, write_word_model, registry, capsys
):
    write_word_model(project / "objects" / "classifier", {"unrelated": 2.0})
    run_promote(force="the old one is retired")
    version = registry.by_alias("by [the] stage", "champion")
    assert version.tags["gate"] == "forced"
    assert version.tags["gate.forced_because"] == "the old one is retired"
    assert "not better beyond chance" in version.tags["gate.reasons"]
    # The brackets of the name are no markup.
    said = "by [the] stage version 1 is the champion, against the gate; the reason is recorded."
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("is_of_this_one", [True, False])
def test_run_of_the_tuned_classifier_is_the_recorded_one(
    is_of_this_one, project, tracking, write_word_model, registry, without_a_child
):
    """The record stands beside the artifact; after `dvc checkout` it can be of another artifact."""
    words = {"unrelated": 3.0 if is_of_this_one else 4.0}
    digest = write_word_model(project / "objects" / "classifier", words)
    with tracking.start_run("imdb", "tune_sklearn", tags={"git_commit": "abc"}) as run:
        pass
    recorded = Origin(digest if is_of_this_one else "0" * 64, run.id, "m-1", "abc")
    write_origin(project / "objects" / "tuned.json", recorded, {"family": "linear_svc"})
    run_promote(force="to see its run")
    version = registry.by_alias("by [the] stage", "champion")
    assert version.digest == digest
    expected = (run.id, "abc") if is_of_this_one else (None, None)
    assert (version.run_id, version.tags.get("git_commit")) == expected


def test_registry_that_is_away_is_named_with_the_remedy(skilled, remote_that_is_away):
    with pytest.raises(RegistryUnavailable, match="does not answer") as caught:
        run_register_model(skilled[1], "good", force=None)
    assert remote_that_is_away in str(caught.value)
    assert "MLFLOW__REMOTE_TRACKING_URI" in caught.value.remedy


def test_unknown_id_is_one_message(monkeypatch, capsys):
    unknown = "m-" + "0" * 32
    status, error = said_by(register_model_main, [unknown, "good"], monkeypatch, capsys)
    assert status == 1
    assert unknown in error
    assert_one_message(error)


def test_impossible_name_is_one_message_before_any_work(
    skilled, remote_that_is_away, project, monkeypatch, capsys
):
    splits = project / "data" / "preprocessed"
    splits.rename(project / "aside")
    try:
        status, error = said_by(register_model_main, [skilled[1], "a/b"], monkeypatch, capsys)
    finally:
        (project / "aside").rename(splits)
    assert status == 1
    assert "'a/b' cannot be the name of a model." in error
    assert_one_message(error)


def test_nothing_tuned_yet_is_one_message(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(tmp_path)
    status, error = said_by(main, ["promote"], monkeypatch, capsys)
    assert status == 1
    assert "dvc repro tune_sklearn" in error
    assert_one_message(error)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


def test_a_project_that_has_moved_is_promoted_again_in_its_new_place(
    tmp_path, tracking, new_mlflow_database, write_word_model, monkeypatch, capsys
):
    """MLflow notes absolute paths: after a move those of the runs, the models and the versions are wrong."""
    old, new = tmp_path / "old", tmp_path / "new"
    for part in ("params.yaml", "data"):
        source = tracking.folder / part
        (shutil.copytree if source.is_dir() else shutil.copy)(
            source, (old.mkdir(exist_ok=True), old / part)[1]
        )
    store = MlflowTracking(new_mlflow_database(old / "mlruns.db"), models=registry_mlflow)
    with store.start_run("imdb", "tune_sklearn") as run:
        digest = write_word_model(old / "objects" / "classifier", SKILLED, run_id=run.id)
        run.log_classifier(old / "objects" / "classifier", "classifier")

    def without_a_child(settings, work):
        return work(MlflowRegistry(settings.registry_uri))

    monkeypatch.setattr(promotion, "with_login", without_a_child)
    monkeypatch.chdir(old)
    run_promote(force=None)
    old.rename(new)
    monkeypatch.chdir(new)
    moved = MlflowRegistry("sqlite:///mlruns.db")
    name = "by [the] stage"
    assert "has the project moved?" in moved.by_alias(name, "champion").why_not_servable

    run_promote(force=None)
    champion = moved.by_alias(name, "champion")
    assert (champion.number, champion.servable, champion.digest) == (2, True, digest)
    assert champion.run_id == run.id
    assert moved.download(champion, tmp_path / "fetched").is_dir()
    assert "The same classifier is registered again" in capsys.readouterr().out

    store = MlflowTracking("sqlite:///mlruns.db", models=registry_mlflow)
    with store.start_run("imdb", "tune_sklearn") as run:  # training goes on in the new place, too
        (tmp_path / "note.txt").write_text("fine")
        run.log_file(tmp_path / "note.txt")
    fresh = MlflowTracking("sqlite:///mlruns.db", models=registry_mlflow)
    assert fresh.run(run.id).experiment == "imdb (2)"
    assert [path.name for path in new.rglob("note.txt")] == ["note.txt"]
    assert not old.exists()
