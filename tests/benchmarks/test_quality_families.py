"""One model of each family, fitted on the splits of a small project."""

from __future__ import annotations

import polars as pl
import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.base.progress import Quiet
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.pipeline import vectorize_data
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.text.labels import LABELS

PARAMS = Params.model_validate(
    {
        "features": {"char_ngrams": None, "lexicon": False, "min_df": 1},
        "training": {"n_jobs": 1, "families": ["nb_svm"]},
        "evaluation": {"calibration_folds": 2},
    }
)
WORDS = {"NEGATIVE": ("awful", "broken"), "NEUTRAL": ("parcel", "tuesday"), "POSITIVE": ("great", "lovely")}


COLUMNS = {"text": pl.String, "label": pl.String, "source": pl.String, "confidence": pl.Float64}


@pytest.fixture(scope="module")
def quality(benchmarks_on_the_path):
    from benchmarks.quality import contenders, families

    return families, contenders


@pytest.fixture
def paths(tmp_path):
    found = Paths(tmp_path)
    found.preprocessed.mkdir(parents=True)
    for name, size in (("train", 40), ("val", 20), ("test", 10)):
        rows = [
            (f"{name} item {number} was {words[number % 2]}", label, f"source {number % 2}", None)
            for number in range(size)
            for label, words in WORDS.items()
        ]
        frame = pl.DataFrame(rows, schema=COLUMNS, orient="row")
        frame.write_parquet(found.preprocessed / f"{name}.parquet")
    vectorize_data.run(PARAMS, found, Quiet())
    return found


class Heard(Quiet):
    """Remembers what was said."""

    def __init__(self):
        self.said = []

    def say(self, text):
        self.said.append(text)


def test_a_family_is_fitted_once_and_then_taken_from_its_folder(quality, paths):
    families, contenders = quality
    heard = Heard()
    fitting = families.Fitting(paths, PARAMS, heard)
    ((title, folder),) = fitting.folders(["logistic_regression"]).items()
    assert (title, heard.said) == ("Logistic regression", ["fitting Logistic regression"])
    assert folder.parent == paths.root / ".benchmarks" / "quality"
    training = read_manifest(folder).manifest.training
    assert (training.family, training.sources, training.rows) == (
        "logistic_regression",
        ("source 0", "source 1"),
        180,
    )

    contender = contenders.from_folder(title, folder)
    answers = contender.answer(["test item 2 was awful", "test item 2 was parcel", "test item 3 was lovely"])
    assert answers.codes.tolist() == [0, 1, 2]
    assert answers.probabilities.shape == (3, len(LABELS))

    assert fitting.folders(["logistic_regression"]) == {title: folder}
    assert heard.said == ["fitting Logistic regression"]
    changed = PARAMS.model_copy(update={"base": PARAMS.base.model_copy(update={"random_seed": 7})})
    other = families.Fitting(paths, changed, heard).folders(["logistic_regression"])
    assert other[title] != folder
    assert len(heard.said) == 2


def test_without_splits_it_is_said_how_to_make_them(quality, tmp_path):
    families, _ = quality
    with pytest.raises(StageFailed, match="dvc repro preprocess_data"):
        families.Fitting(Paths(tmp_path), PARAMS, Quiet()).folders(["nb_svm"])
