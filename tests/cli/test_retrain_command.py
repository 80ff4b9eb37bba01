"""`opinionlens retrain` for real: stages in processes, MLflow, a kill in the middle, two at once."""

import csv
import json
import os
import random
import signal
import subprocess
import sys

import pytest
from tests.support.waiting import wait_until

from opinionlens.jobs.retraining_folder import RetrainingBusy, RetrainingFolder
from opinionlens.registry.mlflow import MlflowRegistry

PARAMS = """
data:
  sources: []
  files: [{name: old, path: old.csv, label_map: {NEGATIVE: NEGATIVE, NEUTRAL: NEUTRAL, POSITIVE: POSITIVE}}]
features: {word_ngrams: [1, 1], char_ngrams: null, opinions: false}
training: {families: [logistic_regression], n_trials: 1, n_jobs: 1, general_expert: false}
evaluation: {bootstrap_samples: 100, calibration_folds: 2}
promotion: {model_name: words, max_calibration_error: 0.9}
"""
OLD = {"glorp": "POSITIVE", "drib": "NEGATIVE", "klem": "NEUTRAL"}
NEW = {"zork": "POSITIVE", "mubb": "NEGATIVE", "plonk": "NEUTRAL"}
SECONDS = 120  # for a machine that does much else


def write_labels(path, words, rows, seed):
    chance = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for number in range(rows):
            word = list(words)[number % 3]
            others = [
                f"{chance.choice('bdfgk')}{chance.choice('aeiou')}{chance.randrange(40)}" for _ in range(5)
            ]
            writer.writerow([" ".join([*others, word]), words[word]])


@pytest.fixture
def project(tmp_path, new_mlflow_database, write_word_model):
    """A small project whose champion knows the old words."""
    (tmp_path / "params.yaml").write_text(PARAMS)
    write_labels(tmp_path / "data" / "raw" / "old.csv", OLD, 300, seed=1)
    write_labels(tmp_path / "new.csv", NEW, 150, seed=2)
    registry = MlflowRegistry(new_mlflow_database(tmp_path / "mlruns.db"))
    digest = write_word_model(tmp_path / "champion", {"glorp": 3.0, "drib": -3.0})
    registry.register("words", tmp_path / "champion", digest=digest, run_id=None, tags={}, scores={})
    registry.set_tags("words", 1, {"gate": "passed"})
    registry.set_alias("words", "champion", 1)
    return tmp_path


def start(project):
    command = [sys.executable, "-m", "opinionlens.cli.main", "retrain", "--data", "new.csv", "--json"]
    environment = {"MLFLOW__LOCAL_TRACKING_URI": "sqlite:///mlruns.db"}
    return subprocess.Popen(
        command, cwd=project, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.slow
def test_killed_while_a_stage_runs_it_goes_on_and_promotes(project):
    before = {path: path.read_bytes() for path in (project / "data").rglob("*.csv")}
    first = start(project)
    try:
        wait_until(lambda: [*project.glob("retraining/runs/*/log/preprocess_data.txt")], SECONDS)
        with pytest.raises(RetrainingBusy, match=f"process {first.pid}"), locked(project):
            pass
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    wait_until(lambda: is_free(project), SECONDS)  # the stage that was left alone ends by itself

    output, errors = start(project).communicate(timeout=SECONDS)
    result = json.loads(output)
    assert (result["outcome"], result["version"], result["champion"]) == ("promoted", 2, 1), errors
    old, new = result["details"]["sides"]
    assert (old["name"], new["name"]) == ("old", "new")
    assert new["interval"]["low"] > 0
    registry = MlflowRegistry(f"sqlite:///{project / 'mlruns.db'}")
    champion = registry.by_alias("words", "champion")
    assert (champion.number, champion.tags["gate"]) == (2, "passed")
    assert {path: path.read_bytes() for path in (project / "data").rglob("*.csv")} == before
    assert not (project / "objects").exists()


def locked(project):
    return RetrainingFolder(project / "retraining").hold()


def is_free(project):
    try:
        with locked(project):
            return True
    except RetrainingBusy:
        return False
