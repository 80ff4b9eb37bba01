"""A retraining from labels to registry: what is promoted, proposed, refused, and what an interruption leaves.

Reading, splitting, choosing, deciding and registering are real; only fitting is not: the stages after
`preprocess_data` write a classifier of known words. `tests/cli/test_retrain_command.py` runs the real ones.
"""

import csv
import json

import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.base.progress import Quiet
from opinionlens.jobs.retraining import Collaborators, retrain
from opinionlens.jobs.retraining_folder import RetrainingBusy, RetrainingFolder
from opinionlens.jobs.retraining_result import RetrainingOrder, RetrainingOutcome
from opinionlens.pipeline import fetch_data, preprocess_data
from opinionlens.pipeline.params import load_params
from opinionlens.pipeline.paths import Paths
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION

OLD = {"glorp": "POSITIVE", "drib": "NEGATIVE", "klem": "NEUTRAL"}
NEW = {"zork": "POSITIVE", "mubb": "NEGATIVE", "plonk": "NEUTRAL"}
KNOWS_OLD = {"glorp": 3.0, "drib": -3.0}
KNOWS_NEW = {"zork": 3.0, "mubb": -3.0}
PARAMS = """
data:
  sources: []
  files: [{name: old, path: old.csv, label_map: {NEGATIVE: NEGATIVE, NEUTRAL: NEUTRAL, POSITIVE: POSITIVE}}]
evaluation: {bootstrap_samples: 200}
promotion: {model_name: words, max_calibration_error: 0.9}
"""


def write_labels(path, words, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for number in range(rows):
            word = list(words)[number % 3]
            writer.writerow([f"the {path.stem}{number} was{number} {word}", words[word]])
    return path


class World:
    """A project with a champion that knows the old words, and a pipeline that makes what it is told."""

    def __init__(self, root, write_word_model):
        self.root, self._write = root, write_word_model
        (root / "params.yaml").write_text(PARAMS)
        write_labels(root / "data" / "raw" / "old.csv", OLD, 300)
        self.new = write_labels(root / "new.csv", NEW, 150)
        self.folder = RetrainingFolder(root / "retraining")
        self.registry = MemoryRegistry()
        self.makes = {**KNOWS_OLD, **KNOWS_NEW}
        self.stages, self.recorded = [], []
        self.crown(root / "champion", KNOWS_OLD)

    def crown(self, path, words):
        digest = self._write(path, words)
        version = self.registry.register("words", path, digest=digest, run_id=None, tags={}, scores={})
        self.registry.set_tags("words", version.number, {"gate": "passed"})
        self.registry.set_alias("words", CHAMPION, version.number)

    def run_stage(self, stage, folder, deadline):
        self.stages.append(stage)
        paths = Paths(folder)
        real = {"fetch_data": fetch_data.run, "preprocess_data": preprocess_data.run}
        if stage in real:
            real[stage](load_params(paths.params), paths, Quiet())
        elif stage == "tune_sklearn":
            self._write(paths.classifier, self.makes)

    def retrain(self, **order):
        world = Collaborators(
            project=Paths(self.root),
            folder=self.folder,
            with_registry=lambda work: work(self.registry),
            run_stage=self.run_stage,
            run_of=lambda run_id: None,
            database=None,
            experiment="OpinionLens",
            reporter=Quiet(),
            record=self.recorded.append,
        )
        with self.folder.hold():
            return retrain(RetrainingOrder(**{"files": (self.new,), **order}), world)

    @property
    def champion(self):
        return self.registry.by_alias("words", CHAMPION).number


@pytest.fixture
def world(tmp_path, write_word_model):
    return World(tmp_path, write_word_model)


def test_a_gain_on_new_rows_without_a_loss_on_old_ones_is_promoted_and_not_done_twice(world):
    before = {path: path.read_bytes() for path in world.root.glob("data/raw/*")}
    result = world.retrain()
    assert (result.outcome, result.version, result.champion) == (RetrainingOutcome.PROMOTED, 2, 1)
    assert world.champion == 2
    assert result.labels == {"new": 150, "readers": 0, "earlier": 0}
    old, new = result.details["sides"]
    assert (old["name"], new["name"], old["challenger"], new["challenger"]) == ("old", "new", 1.0, 1.0)
    assert new["champion"] < 0.5
    assert any("new test rows" in reason and "better, beyond chance" in reason for reason in result.reasons)
    assert world.recorded == [result]
    assert {path: path.read_bytes() for path in world.root.glob("data/raw/*")} == before
    assert not [*world.root.glob("retraining/runs/*/data/*"), *world.root.glob("retraining/runs/*/raw")]
    again = world.retrain()
    assert (again.outcome, again.run) == (RetrainingOutcome.NOTHING_NEW, result.run)
    assert again.reasons[0].startswith(f"Nothing new since run {result.run} of ")
    assert world.stages.count("tune_sklearn") == 1


def test_without_a_gain_nothing_is_registered(world):
    world.makes = {"glorp": 2.5, "drib": -2.5}
    result = world.retrain()
    assert result.outcome is RetrainingOutcome.REFUSED
    assert any("no gain beyond chance" in reason for reason in result.reasons)
    assert [version.number for version in world.registry.versions("words")] == [1]
    assert world.retrain().outcome is RetrainingOutcome.NOTHING_NEW


def test_a_gain_paid_for_with_old_rows_is_refused(world):
    world.makes = KNOWS_NEW
    result = world.retrain()
    assert result.outcome is RetrainingOutcome.REFUSED
    assert result.details["gain"]
    assert "it is worse, beyond chance" in result.reasons[0]
    assert world.champion == 1


def test_a_proposal_is_registered_and_promoted_only_when_asked(world):
    proposed = world.retrain(propose=True)
    assert (proposed.outcome, proposed.version, world.champion) == (RetrainingOutcome.PROPOSED, 2, 1)
    tags = world.registry.version("words", 2).tags
    assert tags["gate"] == "proposed"
    assert json.loads(tags["gate.reasons"]) == list(proposed.reasons)
    assert world.retrain(propose=True).outcome is RetrainingOutcome.NOTHING_NEW
    promoted = world.retrain()
    assert (promoted.outcome, promoted.version, world.champion) == (RetrainingOutcome.PROMOTED, 2, 2)
    assert world.stages.count("tune_sklearn") == 1
    assert [result.outcome for result in world.recorded] == [
        RetrainingOutcome.PROPOSED,
        RetrainingOutcome.PROMOTED,
    ]


def test_a_proposal_that_is_not_good_enough_says_so(world):
    world.makes = KNOWS_NEW
    result = world.retrain(propose=True)
    assert (result.outcome, result.version, world.champion) == (RetrainingOutcome.REFUSED, 2, 1)
    assert world.registry.version("words", 2).tags["gate"] == "refused"


def test_what_the_champion_has_learnt_from_files_stays_when_they_are_not_given_again(world):
    world.retrain()
    more = {"vrill": "POSITIVE", "skrim": "NEGATIVE", "brusk": "NEUTRAL"}
    world.makes = {**world.makes, "vrill": 3.0, "skrim": -3.0}
    result = world.retrain(files=(write_labels(world.root / "more.csv", more, 150),))
    assert (result.outcome, result.champion) == (RetrainingOutcome.PROMOTED, 2)
    assert result.labels == {"new": 150, "readers": 0, "earlier": 150}
    old = result.details["sides"][0]
    assert old["champion"] == 1.0  # what it learnt last time is old by now, and has to be kept
    assert old["rows"] > 60


def test_an_interrupted_run_goes_on_where_it_stopped(world, monkeypatch):
    real, killed = world.run_stage, []

    def dies_once(stage, folder, deadline):
        if stage == "tune_sklearn" and not killed:
            killed.append(stage)
            raise StageFailed("killed")
        real(stage, folder, deadline)

    monkeypatch.setattr(world, "run_stage", dies_once)
    with pytest.raises(StageFailed):
        world.retrain()
    assert len(world.registry.versions("words")) == 1
    assert world.retrain().outcome is RetrainingOutcome.PROMOTED
    assert world.stages.count("preprocess_data") == 1


def test_a_run_that_died_behind_the_promotion_is_finished_by_the_next(world, monkeypatch):
    def dies(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("opinionlens.jobs.retraining_folder.RunFolder.finish", dies)
        with pytest.raises(KeyboardInterrupt):
            world.retrain()
    assert (world.champion, world.recorded) == (2, [])
    result = world.retrain()
    assert (result.outcome, result.version) == (RetrainingOutcome.PROMOTED, 2)
    assert result.reasons[0] == "The run was interrupted after its version had become the champion"
    assert world.recorded == [result]
    assert world.retrain().outcome is RetrainingOutcome.NOTHING_NEW


def test_too_few_new_labels_train_nothing(world):
    few = write_labels(world.root / "few.csv", NEW, 12)
    result = world.retrain(files=(few,))
    assert result.outcome is RetrainingOutcome.TOO_LITTLE
    assert result.reasons == ("12 new labels can take part; 50 are needed",)
    assert world.stages == ["fetch_data"]


def test_a_second_one_at_once_is_told_about_the_first(world):
    with world.folder.hold(), pytest.raises(RetrainingBusy, match=r"at work \(process \d+, since 20"):
        world.retrain()


def test_old_runs_are_deleted(world):
    for number in range(7):
        write_labels(world.new.with_name(f"new{number}.csv"), NEW, 60)
        world.makes = {"glorp": 2.0 + number / 8, "drib": -2.0}
        world.retrain(files=(world.root / f"new{number}.csv",))
    assert len([*world.root.glob("retraining/runs/*")]) == 5
