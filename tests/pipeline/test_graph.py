"""The whole DVC graph on a small corpus of a user's own, with the real DVC, Optuna and MLflow."""

import csv
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from tests.support.waiting import wait_until

from opinionlens.classifiers.load import load_classifier
from opinionlens.jobs.drift_check import read_profile

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ALL = ("tune_sklearn", "run_evals", "run_baselines", "train_sklearn")
OPENINGS = ("honestly", "well", "today", "so", "again", "ok", "hey", "yes", "no", "wow")
THINGS = (
    "flight",
    "phone",
    "parcel",
    "coffee",
    "hotel",
    "crew",
    "app",
    "seat",
    "meal",
    "queue",
    "gate",
    "bag",
)
# In no word list, so that the baselines have nothing to go by.
WORDS = {
    "good": ("zesty", "snazzy", "spiffy", "peachy", "stellar", "plush"),
    "bad": ("mushy", "soggy", "laggy", "wobbly", "grubby", "creaky"),
    "so-so": ("scheduled", "announced", "located", "numbered", "printed", "listed"),
}
LABEL_MAP = {"good": "POSITIVE", "bad": "NEGATIVE", "so-so": "NEUTRAL"}


def write_corpus(path: Path) -> None:
    """1,000 texts, one in ten with the label of another class, so that no model is perfect."""
    chance = random.Random(7)
    combinations = list(itertools.product(OPENINGS, THINGS, WORDS))
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["body", "mood"])
        for number in range(1000):
            opening, thing, mood = combinations[number % len(combinations)]
            label = chance.choice(list(WORDS)) if chance.random() < 0.1 else mood
            words = chance.sample(WORDS[mood], 2)
            writer.writerow([f"{opening} the {thing} {number} is {words[0]} and {words[1]}", label])
        writer.writerow(["", "good"])
        writer.writerow(["text without a known label", "ugly"])


def write_others(raw: Path) -> None:
    """Two texts of another kind, and one that the corpus holds, too."""
    with (raw / "moods.csv").open(newline="", encoding="utf-8") as stream:
        known = next(csv.DictReader(stream))["body"]
    with (raw / "others.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = [("A lovely evening", "positive"), ("An awful evening", "negative"), (known, "positive")]
        csv.writer(stream).writerows([("text", "label"), *rows])


def project(folder: Path, **training: object) -> Path:
    """A project as a clone has it, with the user's data and a short study."""
    everyday = folder / "tests" / "model" / "everyday.csv"
    everyday.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "model" / "everyday.csv", everyday)
    for name in ("src", "dvc.yaml", ".dvcignore"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(
            source,
            folder / name,
            **({"ignore": shutil.ignore_patterns("__pycache__")} if source.is_dir() else {}),
        )
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["data"]["sources"] = ["moods"]
    params["data"]["files"] = [
        {
            "name": "moods",
            "path": "moods.csv",
            "text_column": "body",
            "label_column": "mood",
            "label_map": LABEL_MAP,
        }
    ]
    params["training"] |= {"n_trials": 4, "families": ["linear_svc", "logistic_regression"], **training}
    params["evaluation"] |= {"bootstrap_samples": 200, "other_kinds": ["others.csv", "amazon_food"]}
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True)
    write_corpus(raw / "moods.csv")
    write_others(raw)
    run(folder, "dvc", "init", "--no-scm", "--quiet")
    return folder


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "API_"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def run(folder: Path, *command: str, ok: bool = True) -> subprocess.CompletedProcess:
    process = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=600
    )
    assert not ok or process.returncode == 0, process.stdout + process.stderr
    return process


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        + str(path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def metrics(folder: Path, stage: str) -> dict:
    return json.loads((folder / "metrics" / f"{stage}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The project after all stages have run once."""
    folder = project(tmp_path_factory.mktemp("project"))
    before = digests(folder / "data" / "raw")
    run(folder, "dvc", "repro", *ALL)
    return folder, before


def test_tuned_classifier_serves_and_knows_its_lineage(finished):
    folder, _ = finished
    classifier = load_classifier(folder / "objects" / "classifier")
    assert classifier.predict("hey the hotel is zesty and stellar").label == "POSITIVE"
    assert classifier.predict("the bag is soggy and laggy").label == "NEGATIVE"
    manifest = classifier.manifest
    tuned = json.loads((folder / "objects" / "tuned.json").read_text())
    assert manifest.training.family == tuned["family"]
    assert manifest.lineage.data_hash
    assert tuned["run_id"]
    assert tuned["model_id"].startswith("m-")
    assert "reference.json" in manifest.files


def test_windows_are_compared_with_answers_to_texts_new_to_the_model(finished):
    """Those that are served are new to it, too: others are known better, and large windows would be drift."""
    folder, _ = finished
    classifier = load_classifier(folder / "objects" / "classifier")
    profile = read_profile(folder / "objects" / "classifier")
    texts = pl.read_parquet(folder / "data" / "preprocessed" / "test.parquet")["text"].to_list()
    served = classifier.predict_proba(texts)
    assert profile.texts == len(texts)
    assert profile.label_shares == pytest.approx(
        np.bincount(served.argmax(axis=1), minlength=3) / len(texts), abs=1e-6
    )
    above = np.mean(served.max(axis=1) >= profile.confidence_edges[10])
    assert sum(profile.confidence_shares[11:]) == pytest.approx(above, abs=1.5 / len(texts))
    assert profile.length_edges[-1] <= max(map(len, texts))


def test_scores_are_those_of_a_model_that_learnt(finished):
    folder, _ = finished
    test = metrics(folder, "tune_sklearn")["test"]
    # One label in ten is drawn at random among three: 93 % is the most that can be right on average.
    assert 0.8 < test["accuracy_low"] <= test["accuracy"] <= test["accuracy_high"]
    assert test["macro_f1_low"] <= test["macro_f1"] <= test["macro_f1_high"]
    baselines = metrics(folder, "run_baselines")
    assert all(test["macro_f1"] > one["macro_f1"] for one in baselines["test"].values())


def test_every_row_is_accounted_for(finished):
    folder, _ = finished
    report = metrics(folder, "data_report")
    rows = report["rows"]
    assert rows["read"] == 1002
    assert rows["rejected"] == sum(report["sources"]["moods"]["rejected"].values()) == 2
    removed = ("duplicate_within_source", "duplicate_of_another_source", "conflicting_label")
    assert rows["kept"] == 1000 - sum(rows[reason] for reason in removed)
    assert rows["kept"] == sum(split["rows"] for split in report["splits"].values())


def test_texts_of_other_kinds_are_scored_and_not_learnt_from(finished):
    folder, _ = finished
    scores = metrics(folder, "run_evals")["other_kinds"]
    assert scores["amazon_food"] == {"n": 0}
    assert scores["others.csv"]["n"] == 2
    assert scores["others.csv"]["vader_macro_f1"] == 1.0
    assert set(metrics(folder, "data_report")["sources"]) == {"moods"}
    assert load_classifier(folder / "objects" / "classifier").manifest.training.sources == ("moods",)


def test_users_files_are_untouched(finished):
    folder, before = finished
    assert digests(folder / "data" / "raw") == before


def test_second_repro_does_nothing(finished):
    folder, _ = finished
    before = digests(folder / "metrics") | digests(folder / "objects")
    output = run(folder, "dvc", "repro", *ALL).stdout
    assert "Running stage" not in output
    assert digests(folder / "metrics") | digests(folder / "objects") == before


def test_dvc_commands_show_what_its_users_expect(finished):
    folder, _ = finished
    shown = json.loads(run(folder, "dvc", "metrics", "show", "--json").stdout)
    assert set(next(iter(shown.values()))["data"]) >= {f"metrics/{stage}.json" for stage in ALL}
    plots = run(folder, "dvc", "plots", "show", "--json").stdout
    assert "figures/tune_sklearn/confusion_matrix.png" in plots.replace(os.sep, "/")
    assert "tune_sklearn" in run(folder, "dvc", "dag", "--mermaid").stdout


def test_committed_results_hold_no_times_and_no_run_ids(finished):
    folder, _ = finished
    tuned = json.loads((folder / "objects" / "tuned.json").read_text())
    told = [tuned["run_id"], tuned["model_id"], str(folder)]
    outputs = [path for name in ("data", "objects", "figures") for path in (folder / name).rglob("*")]
    for path in [folder / "dvc.lock", *(folder / "metrics").iterdir(), *outputs]:
        if path.is_file() and path.name != "tuned.json":
            content = path.read_bytes()
            assert [word for word in told if word.encode() in content] == [], path


def test_mlflow_holds_one_parent_with_nested_trials(finished):
    folder, _ = finished
    code = """
import json
from opinionlens.base.settings import load_settings
from opinionlens.pipeline.tracked import tracking_of
settings = load_settings().mlflow
tracking = tracking_of(settings)
runs = tracking.find_runs(settings.local_experiment_name)
print(json.dumps([[run.name, run.parent, run.id, run.status, sorted(run.metrics)] for run in runs]))
"""
    runs = json.loads(run(folder, sys.executable, "-c", code).stdout)
    parents = {name: run_id for name, parent, run_id, *_ in runs if parent is None}
    assert {"tune_sklearn", "train_sklearn", "run_evals", "run_baselines"} == set(parents)
    nested = [(name, scores) for name, parent, _, _, scores in runs if parent == parents["tune_sklearn"]]
    assert sorted(name for name, _ in nested) == [f"trial_{number}" for number in range(4)]
    assert all("val_accuracy" in scores for _, scores in nested)
    assert {status for *_, status, _ in runs} == {"FINISHED"}


def test_promotion_ends_with_a_champion_that_predicts_and_explains(finished):
    folder, _ = finished
    program = [sys.executable, "-m", "opinionlens.cli.main"]
    first = run(folder, *program, "promote")
    assert "opinionlens version 1 is the champion." in first.stdout
    assert "no room" not in first.stdout
    assert "nothing changed" in run(folder, *program, "promote").stdout
    source = folder / "data" / "raw" / "moods.csv"
    out = folder / "scored.csv"
    predicting = [*program, "predict", str(source), "--text-column", "body", "--out", str(out)]
    run(folder, *predicting)
    with out.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 1002
    assert {row["model_version"] for row in rows if row["prediction"]} == {"1"}
    assert run(folder, *predicting, "--strict", ok=False).returncode == 1
    assert "stellar" in run(folder, *program, "explain", "a stellar hotel").stdout


def test_missing_dataset_stops_with_one_message(tmp_path):
    folder = project(tmp_path)
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["data"]["sources"] = ["imdb"]
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    process = run(folder, sys.executable, "-m", "opinionlens.pipeline.preprocess_data", ok=False)
    assert process.returncode == 1
    assert "imdb" in process.stderr
    assert "IMDB Dataset" in process.stderr
    assert "Traceback" not in process.stderr
    assert not (folder / "data" / "preprocessed").exists()


def test_killed_in_the_middle_of_the_study_ends_with_the_same_scores(finished, tmp_path):
    whole, _ = finished
    folder = project(tmp_path)
    committed(folder)
    process = subprocess.Popen(
        ["dvc", "repro", "tune_sklearn"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: process.poll() is not None or has_finished_trials(folder, 1), 300)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / "metrics" / "tune_sklearn.json").exists()
    run(folder, "dvc", "repro", "tune_sklearn")
    assert metrics(folder, "tune_sklearn") == metrics(whole, "tune_sklearn")
    # Another folder, another time, another run, a commit instead of none: every output is the same.
    assert locked_outs(folder, "tune_sklearn") == locked_outs(whole, "tune_sklearn")
    origins = [json.loads((one / "objects" / "tuned.json").read_text()) for one in (whole, folder)]
    assert origins[0]["digest"] == origins[1]["digest"]
    assert origins[0]["run_id"] != origins[1]["run_id"]
    assert origins[0]["git_commit"] is None
    assert re.fullmatch("[0-9a-f]{40}", origins[1]["git_commit"])


def committed(folder: Path) -> None:
    """Make the project a git repository with one commit."""
    (folder / ".gitignore").write_text(
        "/data\n/objects\n/figures\n*.sqlite3*\n*.db*\nmlruns/\n__pycache__/\n"
    )
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    run(folder, "git", *identity, "commit", "--quiet", "--message", "one")


def locked_outs(folder: Path, *stages: str) -> dict[str, dict[str, str]]:
    """What dvc.lock says of the outputs: hashes by path, for these stages and all before them."""
    lock = yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    known = {"fetch_data", "preprocess_data", "vectorize_data", *stages}
    return {name: {out["path"]: out["md5"] for out in lock[name]["outs"]} for name in sorted(known)}


def has_finished_trials(folder: Path, count: int) -> bool:
    import sqlite3

    path = folder / "optuna.sqlite3"
    if not path.exists():
        return False
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            query = "select count(*) from trials where state = 'COMPLETE'"
            return connection.execute(query).fetchone()[0] >= count
    except sqlite3.OperationalError:  # the tables are just being made
        return False
