"""What every tracking does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opinionlens.base.errors import ArtifactMissing, TrackingError
from opinionlens.tracking import RunStatus, Tracking

EXPERIMENT = "imdb_amazon_airtweets_data"


def test_a_run_keeps_what_it_is_given(tracking: Tracking):
    before = datetime.now(UTC) - timedelta(seconds=1)
    with tracking.start_run(EXPERIMENT, "tune_sklearn", tags={"study": "abc"}) as run:
        run.log_params({"C": 0.2, "family": "linear_svc", "balanced": True, "depth": None})
        run.log_metrics({"test_macro_f1": 0.755, "n": 3})
        run.set_tags({"data_hash": "123"})

    record = tracking.run(run.id)

    assert (record.id, record.name, record.experiment) == (run.id, "tune_sklearn", EXPERIMENT)
    assert record.params == {"C": "0.2", "family": "linear_svc", "balanced": "True", "depth": "None"}
    assert record.metrics == {"test_macro_f1": 0.755, "n": 3.0}
    assert {"study": "abc", "data_hash": "123"}.items() <= record.tags.items()
    assert record.status is RunStatus.FINISHED
    assert record.parent is None
    assert before <= record.started <= record.ended <= datetime.now(UTC) + timedelta(seconds=1)


def test_an_open_run_is_running_and_can_be_read(tracking):
    with tracking.start_run(EXPERIMENT, "r") as run:
        run.log_metrics({"loss": 1.0})
        record = tracking.run(run.id)

    assert record.status is RunStatus.RUNNING
    assert record.ended is None
    assert record.metrics == {"loss": 1.0}


def test_a_metric_is_its_last_step(tracking):
    with tracking.start_run(EXPERIMENT, "r") as run:
        for step, value in ((0, 0.5), (2, 0.1), (1, 0.9)):
            run.log_metrics({"loss": value}, step=step)

    assert tracking.run(run.id).metrics == {"loss": 0.1}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("bad"), RunStatus.FAILED),
        (KeyboardInterrupt(), RunStatus.KILLED),
        (SystemExit(1), RunStatus.KILLED),
    ],
)
def test_a_run_that_is_left_by_an_error_says_so(tracking, error, status):
    with pytest.raises(type(error)) as raised, tracking.start_run(EXPERIMENT, "r") as run:
        raise error

    assert raised.value is error
    record = tracking.run(run.id)
    assert record.status is status
    assert record.ended is not None


def test_a_run_nests_in_its_parent(tracking):
    with (
        tracking.start_run(EXPERIMENT, "parent") as parent,
        tracking.start_run(EXPERIMENT, "child", parent=parent.id) as child,
    ):
        pass

    assert tracking.run(child.id).parent == parent.id
    assert [found.id for found in tracking.find_runs(EXPERIMENT, parent=parent.id)] == [child.id]


def test_a_trial_is_recorded_finished_with_its_own_times(tracking):
    started = datetime(2026, 11, 20, 10, 0, 0, 250_000, tzinfo=UTC)
    ended = started + timedelta(seconds=3)
    with tracking.start_run(EXPERIMENT, "parent") as parent:
        trial = tracking.log_trial(
            parent.id, "trial_0", {"C": 0.2, "family": "linear_svc"}, {"val_macro_f1": 0.7}, started, ended
        )

    record = tracking.run(trial)
    assert (record.name, record.parent, record.experiment) == ("trial_0", parent.id, EXPERIMENT)
    assert (record.started, record.ended, record.status) == (started, ended, RunStatus.FINISHED)
    assert record.params == {"C": "0.2", "family": "linear_svc"}
    assert record.metrics == {"val_macro_f1": 0.7}


def test_runs_are_found_by_their_tags_newest_first(tracking):
    with tracking.start_run(EXPERIMENT, "parent") as parent:
        pass
    start = datetime(2026, 11, 20, tzinfo=UTC)
    trials = [
        tracking.log_trial(
            parent.id, f"trial_{n}", {}, {}, start + timedelta(hours=n), start + timedelta(hours=n)
        )
        for n in (1, 0, 2)
    ]
    with tracking.start_run(EXPERIMENT, "tagged", tags={"study": "it's", "part": "x"}) as tagged:
        pass

    children = tracking.find_runs(EXPERIMENT, parent=parent.id)
    assert [record.id for record in children] == [trials[2], trials[0], trials[1]]
    assert [record.id for record in tracking.find_runs(EXPERIMENT, tags={"study": "it's"})] == [tagged.id]
    assert [record.id for record in tracking.find_runs(EXPERIMENT, tags={"part": "x"})] == [tagged.id]
    assert tracking.find_runs(EXPERIMENT, tags={"part": "x", "study": "other"}) == []
    assert len(tracking.find_runs(EXPERIMENT)) == 5
    assert tracking.find_runs("no such experiment", tags={"study": "it's"}) == []


def test_a_killed_run_can_be_continued(tracking):
    with pytest.raises(KeyboardInterrupt), tracking.start_run(EXPERIMENT, "r", tags={"study": "s"}) as first:
        first.log_params({"C": 1})
        raise KeyboardInterrupt

    with tracking.start_run(EXPERIMENT, "r", resume=first.id, tags={"resumed": "1"}) as second:
        second.log_params({"C": 1})
        second.log_metrics({"score": 0.5})
        assert tracking.run(second.id).status is RunStatus.RUNNING

    record = tracking.run(first.id)
    assert second.id == first.id
    assert (record.status, record.metrics, record.params) == (RunStatus.FINISHED, {"score": 0.5}, {"C": "1"})
    assert {"study": "s", "resumed": "1"}.items() <= record.tags.items()


def test_a_parameter_cannot_be_changed(tracking):
    with tracking.start_run(EXPERIMENT, "r") as run:
        run.log_params({"C": 1})
        with pytest.raises(TrackingError, match="C"):
            run.log_params({"C": 2})

    assert tracking.run(run.id).params == {"C": "1"}


def test_more_than_a_hundred_parameters_are_kept(tracking):
    params = {f"param_{number}": number for number in range(230)}
    with tracking.start_run(EXPERIMENT, "r") as run:
        run.log_params(params)

    assert tracking.run(run.id).params == {name: str(value) for name, value in params.items()}


@pytest.mark.parametrize("wrong", ["", "a?b", "é!", "x" * 251, "a\nb", "a//b", "a/", "./a"])
def test_an_impossible_name_is_refused(tracking, wrong):
    with tracking.start_run(EXPERIMENT, "r") as run:
        for record in (run.log_params, run.log_metrics, run.set_tags):
            with pytest.raises(TrackingError):
                record({wrong: 1})


def test_files_are_kept(tracking, tmp_path):
    (tmp_path / "data_report.json").write_text("{}")
    (tmp_path / "readme.txt").write_text("größe ✓\n", encoding="utf-8")
    with tracking.start_run(EXPERIMENT, "r") as run:
        run.log_file(tmp_path / "readme.txt", "notes/more")
        run.log_file(tmp_path / "data_report.json", "reports")
        run.log_file(tmp_path / "data_report.json")

    kept = {
        path: tracking.fetch_file(run.id, path, tmp_path / "got" / str(number)).read_bytes().decode()
        for number, path in enumerate(
            [
                "notes/more/readme.txt",
                "reports/data_report.json",
                "data_report.json",
            ]
        )
    }
    assert kept == {
        "notes/more/readme.txt": "größe ✓\n",
        "reports/data_report.json": "{}",
        "data_report.json": "{}",
    }
    fetched = tracking.fetch_file(run.id, "notes/more/readme.txt", tmp_path / "flat")
    assert fetched == tmp_path / "flat" / "readme.txt"


def test_what_does_not_exist_is_an_error(tracking, tmp_path):
    with tracking.start_run(EXPERIMENT, "r") as run:
        with pytest.raises(TrackingError):
            run.log_file(tmp_path / "nothing.txt")
        with pytest.raises(TrackingError):
            tracking.fetch_file(run.id, "nothing.txt", tmp_path / "into")
    with pytest.raises(TrackingError):
        tracking.run("f" * 32)
    with pytest.raises(TrackingError):
        tracking.log_trial("f" * 32, "trial", {}, {}, datetime.now(UTC), datetime.now(UTC))
    with pytest.raises(TrackingError), tracking.start_run(EXPERIMENT, "r", resume="f" * 32):
        pass
    with pytest.raises(TrackingError):
        tracking.logged_classifier("m-" + "f" * 32, tmp_path / "into")
    with pytest.raises(TrackingError):
        tracking.run_of_classifier("m-" + "f" * 32)


def test_a_logged_classifier_comes_back(tracking, make_artifact, tmp_path):
    artifact = make_artifact()
    expected = artifact.content
    (artifact.folder / "stray.txt").write_text("not named in the manifest")
    with tracking.start_run(EXPERIMENT, "r") as run:
        model_id = run.log_classifier(artifact.folder, "classifier")

    assert model_id.startswith("m-")
    assert tracking.run_of_classifier(model_id) == run.id
    into = tracking.logged_classifier(model_id, tmp_path / "into")
    assert into == tmp_path / "into"
    assert {path.name: path.read_bytes() for path in into.iterdir()} == expected


def test_half_a_classifier_is_not_logged(tracking, make_artifact, tmp_path):
    artifact = make_artifact()
    (artifact.folder / "weights.npz").unlink()
    with tracking.start_run(EXPERIMENT, "r") as run:
        for folder in (artifact.folder, tmp_path / "nowhere"):
            with pytest.raises(ArtifactMissing):
                run.log_classifier(folder, "classifier")


def test_preparing_twice_is_harmless_and_silent(tracking, capfd):
    tracking.prepare()
    tracking.prepare()

    assert capfd.readouterr().out == ""


def test_recent_runs_are_of_all_experiments(tracking):
    names = ["first", "second", "left_out", "third"]
    for number, name in enumerate(names):
        with tracking.start_run(f"experiment {number % 2}", name):
            pass

    def found(most):
        return [run.name for run in tracking.recent_runs(most=most, without_name="left_out")]

    assert sorted(found(9)) == ["first", "second", "third"]
    assert found(9)[:2] == found(2)
    assert [run.experiment for run in tracking.recent_runs(most=9, without_name="x")].count(
        "experiment 1"
    ) == 2


def test_files_of_a_run_have_sizes(tracking, tmp_path):
    (tmp_path / "recent.json").write_text("{}")
    with tracking.start_run(EXPERIMENT, "r") as run:
        run.log_file(tmp_path / "recent.json", "drift")
        run.log_file(tmp_path / "recent.json", "drift/older")
        run.log_file(tmp_path / "recent.json")

    assert [(file.path, file.size) for file in tracking.files_of(run.id, "drift")] == [
        ("drift/recent.json", 2)
    ]
    assert tracking.files_of(run.id, "nothing") == []
