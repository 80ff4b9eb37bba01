"""fastText end to end: DVC's stage with a short search, the artifact, the app."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from starlette.testclient import TestClient
from tests.pipeline.test_graph import ROOT, metrics, project, run

from opinionlens.base.errors import StageFailed
from opinionlens.classifiers.fasttext import model_from
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.families.fasttext_fit import FastTextChoice, fit_fasttext
from opinionlens.pipeline import train_fasttext
from opinionlens.pipeline.fit_processes import fit_processes
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app

STAGE = "kinds/dvc.yaml:train_fasttext"
AWKWARD = {
    "nothing": "",
    "blank": " \n\t ",
    "line ends": "the hotel\nis zesty\r\nand\x0bstellar\x00now",
    "half a character": "the hotel is zesty \ud83d",
    "a label": "__label__NEGATIVE the hotel is zesty and stellar",
    "the end of a line": "</s> the hotel is zesty and stellar",
    "long": "the hotel is zesty and stellar " * 2_000,
    "one long word": "z" * 50_000,
    "emoji": "😡" * 300,
    "another script": "гостиница была ужасной",
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A project in which DVC has run the stage, with three seconds to search in."""
    folder = project(tmp_path_factory.mktemp("project"))
    shutil.copytree(ROOT / "kinds", folder / "kinds")
    params = yaml.safe_load((ROOT / "kinds" / "params.yaml").read_text(encoding="utf-8"))
    params["fasttext"] |= {"autotuneDuration": 3, "autotuneModelSize": "1M", "dim": 8, "bucket": 2_000}
    (folder / "kinds" / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    params["evaluation"]["calibration_folds"] = 3
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    run(folder, "dvc", "repro", STAGE)
    return folder


@pytest.fixture(scope="module")
def artifact(searched) -> Path:
    return searched / "objects" / "fasttext"


@pytest.fixture(scope="module")
def classifier(artifact):
    return load_classifier(artifact)


def test_it_learnt_and_its_scores_are_recorded(searched):
    test = metrics(searched, "train_fasttext")["test"]
    # One label in ten is drawn at random among three: 93 % is the most that can be right on average.
    assert 0.8 < test["accuracy_low"] <= test["accuracy"] <= test["accuracy_high"]
    assert (searched / "figures" / "train_fasttext" / "confusion_matrix.png").is_file()


def test_the_artifact_says_what_it_is(artifact):
    manifest = read_manifest(artifact).manifest
    assert (manifest.kind, manifest.training.family) == ("fasttext", "fasttext")
    assert sorted(manifest.files) == ["model.ftz", "reader.npz", "reference.json"]
    assert {"epoch", "lr", "wordNgrams", "dim"} <= set(manifest.training.params)
    assert manifest.features.recipe.name == "social-v2"
    assert manifest.general, "the general expert stands beside it"
    assert (artifact / "model.ftz").stat().st_size <= 1_000_000


def test_it_predicts_and_knows_what_is_foreign(classifier):
    assert classifier.predict("hey the hotel is zesty and stellar").label == "POSITIVE"
    assert classifier.predict("the bag is soggy and laggy").label == "NEGATIVE"
    assert classifier.predict("das Zimmer war leider nicht sauber").reason == "foreign_text"


def test_served_lines_are_those_of_training(searched, classifier):
    """What the pipeline scored is what the artifact answers: the same texts, the same lines."""
    test = pl.read_parquet(searched / "data" / "preprocessed" / "test.parquet")
    predicted = [answer.label.value for answer in classifier.predict_many(test["text"].to_list())]
    right = np.mean(np.array(predicted) == test["label"].to_numpy())
    assert right == pytest.approx(metrics(searched, "train_fasttext")["test"]["accuracy"], abs=1e-5)


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_awkward_texts_get_probabilities(classifier, text):
    probabilities = classifier.predict_proba([text, "the bag is soggy"])
    assert np.isfinite(probabilities).all()
    assert (probabilities >= 0).all()
    assert (probabilities <= 1).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert classifier.predict(text).probabilities == pytest.approx(tuple(probabilities[0]))


def test_a_line_end_changes_nothing(classifier):
    one, other = classifier.predict_proba(["the hotel is zesty", "the hotel\nis\r\nzesty\n"])
    assert one == pytest.approx(other)


def test_an_explanation_names_the_word(classifier):
    explanation = classifier.explain("hey the hotel is stellar")
    assert not explanation.exact
    strongest = max(explanation.by_token(), key=lambda one: one.values[2])
    assert strongest.text == "stellar"


def test_threads_get_the_answers_of_one(classifier):
    texts = [f"the hotel {number} is zesty" for number in range(200)]
    alone = classifier.predict_proba(texts)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: classifier.predict_proba([text])[0], texts))
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_the_app_serves_and_explains_it(artifact, make_settings, wait_until_loaded):
    settings = make_settings(model_path=artifact)
    with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
        wait_until_loaded(client)
        answer = client.post("/api/v1/inference/predict", json={"text": "the hotel\nis stellar"}).json()
        assert answer["prediction"] == "POSITIVE"
        assert answer["model"]["kind"] == "fasttext"
        explained = client.post("/api/v1/inference/explain", json={"text": "the hotel is stellar"})
        assert explained.status_code == 200
        several = client.post("/api/v1/inference/batch_predict", json=["the bag is soggy", ""])
        assert several.status_code == 200


def test_what_is_unchanged_is_not_run_again(searched):
    assert "Running stage" not in run(searched, "dvc", "repro", STAGE).stdout


def test_the_same_parameters_give_the_same_file():
    lines = [f"__label__{'NEGATIVE' if n % 2 else 'POSITIVE'} word{n % 40} word{n % 7}\n" for n in range(600)]
    choice = FastTextChoice(epoch=3, lr=0.5, word_ngrams=2, dim=8, minn=2, maxn=3, bucket=1_000)
    with fit_processes(1) as fits:
        one, same, other = (fits.run(fit_fasttext, lines, choice, 1_000_000, seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_model_is_cut_to_the_size_that_was_asked_for():
    lines = [
        f"__label__{'NEGATIVE' if n % 2 else 'POSITIVE'} word{n % 400} so{n % 7}\n" for n in range(2_000)
    ]
    choice = FastTextChoice(epoch=3, lr=0.5, word_ngrams=2, dim=8, minn=2, maxn=3, bucket=20_000)
    with fit_processes(1) as fits:
        whole, cut = (fits.run(fit_fasttext, lines, choice, size, 1) for size in (10_000_000, 60_000))
    assert len(cut) <= 60_000 < len(whole)
    decided = model_from(cut, ("NEGATIVE", "POSITIVE")).decide_lines(["word1 so1", "nothing known"])
    assert np.isfinite(decided).all()


def test_a_fit_that_runs_away_is_one_message():
    lines = ["__label__NEGATIVE a b c\n", "__label__POSITIVE d e f\n"] * 50
    choice = FastTextChoice(epoch=50, lr=1e30, word_ngrams=1, dim=4, minn=0, maxn=0, bucket=1_000)
    with fit_processes(1) as fits, pytest.raises(StageFailed, match="fastText cannot fit"):
        fits.run(fit_fasttext, lines, choice, 1_000_000, 1)


def test_parameters_of_the_command_line_are_taken(searched, monkeypatch):
    monkeypatch.chdir(searched)
    train_fasttext.main(["--epoch", "8", "--lr", "0.5", "--wordNgrams", "2", "--dim", "8"])
    params = read_manifest(searched / "objects" / "fasttext").manifest.training.params
    taken = {"epoch": 8, "lr": 0.5, "wordNgrams": 2, "dim": 8}
    assert {name: params[name] for name in taken} == taken


def test_an_impossible_parameter_of_the_command_line_is_one_message(searched, monkeypatch, capsys):
    monkeypatch.chdir(searched)
    with pytest.raises(SystemExit) as ended:
        train_fasttext.main(["--epoch", "0"])
    assert ended.value.code == 1
    assert "--epoch: " in capsys.readouterr().err


# Flips bytes of a model, and loads what the check lets pass: the library must neither crash nor hang.
FUZZ = """
import json, random, sys, tempfile
from pathlib import Path
from opinionlens.base.errors import ArtifactError
from opinionlens.classifiers.fasttext import model_from
content, labels = Path(sys.argv[1]).read_bytes(), json.loads(sys.argv[2])
chance, refused = random.Random(5), 0
for number in range(300):
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 4))):
        place = chance.randrange(len(content) if number % 2 else 2_000)
        changed[place] = chance.randrange(256)
    try:
        model_from(bytes(changed), labels).decide_lines(["the hotel is zesty", "soggy"])
    except ArtifactError:
        refused += 1
print(refused)
"""


def test_no_damaged_file_crashes_the_library(artifact):
    labels = json.dumps([str(label) for label in read_manifest(artifact).manifest.labels])
    command = [sys.executable, "-c", FUZZ, str(artifact / "model.ftz"), labels]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
