"""The stage that teaches a linear model, with a teacher of a few rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.pipeline.conftest import BAD, GOOD, PLAIN, write_word_classifier

from opinionlens.base.errors import StageFailed
from opinionlens.base.progress import Quiet
from opinionlens.classifiers.black_box import BlackBoxClassifier
from opinionlens.classifiers.linear.text_reading import Reading
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.reader_weights import ReaderWeights
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline import train_distilled as stage
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.tracked import Tracked
from opinionlens.text.labels import Label
from opinionlens.text.recipe import RECIPES
from opinionlens.tracking.memory import MemoryTracking

# Said of two equal distributions, whose distance the profile then takes as 0.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt:RuntimeWarning")
WORDS = {"NEGATIVE": BAD, "NEUTRAL": PLAIN, "POSITIVE": GOOD}
# Words that no labelled text has: only the teacher knows them.
FOREIGN = {"NEGATIVE": "moche", "NEUTRAL": "mardi", "POSITIVE": "sublime"}
# Not the order of `LABELS`.
ORDER = (Label.POSITIVE, Label.NEGATIVE, Label.NEUTRAL)


class Knowing:
    """Decides by the words of a label, foreign ones too."""

    def decide(self, readings: Sequence[Reading]) -> np.ndarray:
        return np.array(
            [
                [
                    5.0 * sum(token in (*WORDS[label], FOREIGN[label]) for token in reading.tokens)
                    for label in ORDER
                ]
                for reading in readings
            ]
        )


def teacher() -> BlackBoxClassifier:
    manifest = Manifest(
        kind="rules",
        labels=ORDER,
        features=FeatureSpec(RECIPES["social-v2"], word_ngrams=(1, 1)),
        calibration=Calibration.none(3),
        uncertainty=Uncertainty(),
        training=Training("rules"),
    )
    return BlackBoxClassifier(manifest, Knowing(), ReaderWeights(("the",)).reader(manifest))


def write_split(path: Path, rows: int, start: int) -> None:
    texts, labels = [], []
    for number in range(start, start + rows):
        label = list(WORDS)[number % 3]
        words = WORDS[label]
        texts.append(f"item {number} {words[number % 5]} {'the ' * (number % 7)}{words[(number + 1) % 5]}")
        labels.append(label)
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame({"text": texts, "label": labels, "source": "words", "confidence": 1.0})
    frame.write_parquet(path)


def make_project(root: Path) -> Paths:
    paths = Paths(root)
    for name, rows, start in (("train", 300, 0), ("val", 90, 1_000), ("test", 90, 2_000)):
        write_split(paths.preprocessed / f"{name}.parquet", rows, start)
    raw = root / "data" / "raw"
    raw.mkdir()
    lines = [f"{FOREIGN[label]} thing number {number}" for number in range(60) for label in WORDS]
    (raw / "log.csv").write_text("body\n" + "\n".join(lines) + "\n")
    paths.kind_params.parent.mkdir(parents=True)
    chosen = {"files": [{"path": "log.csv", "text_column": "body"}], "strength": [1], "trust": [0.5, 0.9]}
    paths.kind_params.write_text(json.dumps({"distilled": chosen}))
    return paths


def run(paths: Paths) -> tuple[dict[str, Any], MemoryTracking]:
    tracking = MemoryTracking()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "load_teacher", lambda folder: teacher())
        patch.setattr(stage, "open_tracking", lambda reporter: Tracked(tracking, "words"))
        stage.train_distilled(Params(), paths, Quiet())
    return json.loads((paths.metrics / "train_distilled.json").read_text()), tracking


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Paths, dict[str, Any], MemoryTracking]:
    """The stage, run once."""
    paths = make_project(tmp_path_factory.mktemp("project"))
    return paths, *run(paths)


def test_the_student_learns_words_that_have_no_label(
    taught: tuple[Paths, dict[str, Any], MemoryTracking],
) -> None:
    paths, report, tracking = taught
    student = load_classifier(paths.distilled)
    assert (student.manifest.kind, student.manifest.training.family) == ("linear", "distilled")
    for label, word in FOREIGN.items():
        assert student.predict(f"{word} thing number 7").label == label
    assert student.predict("an excellent item").label == "POSITIVE"
    assert report["test"]["macro_f1"] > 0.95
    assert report["teaching"]["unlabelled_taken"] == 180
    assert report["teaching"]["val_macro_f1_teacher"] == 1.0
    (record,) = tracking.find_runs("words")
    assert (record.params["family"], record.params["unlabelled_texts"]) == ("distilled", "180")


def test_the_same_run_gives_the_same_artifact(
    taught: tuple[Paths, dict[str, Any], MemoryTracking], tmp_path: Path
) -> None:
    again = make_project(tmp_path)
    run(again)
    first, second = (
        {one.name: one.read_bytes() for one in paths.distilled.iterdir()} for paths in (taught[0], again)
    )
    assert first == second


def test_without_files_the_labelled_texts_are_taught(tmp_path: Path) -> None:
    paths = make_project(tmp_path)
    paths.kind_params.write_text(json.dumps({"distilled": {"strength": [1], "trust": [0.5]}}))
    report, _ = run(paths)
    assert report["teaching"]["unlabelled_taken"] == 0
    assert report["test"]["macro_f1"] > 0.95


def test_a_fast_model_is_no_teacher(tmp_path: Path) -> None:
    folder = write_word_classifier(tmp_path / "fast", dict.fromkeys((*GOOD, *BAD), (0.0, 0.0, 1.0)))
    with pytest.raises(StageFailed, match="kind linear teaches nothing"):
        stage.load_teacher(folder)
    with pytest.raises(StageFailed, match="cannot be loaded"):
        stage.load_teacher(tmp_path / "nothing")
