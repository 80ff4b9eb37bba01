"""`opinionlens drift check` from the prediction log and from files."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result
from tests.support.drift_model import write_model
from tests.support.drift_traffic import RECIPE, TRAINING, posts
from typer.testing import CliRunner

from opinionlens.base.errors import InputError
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.cli import drift_sources_run
from opinionlens.cli.drift_command import age_of
from opinionlens.cli.main import app
from opinionlens.drift.window_summary import compare_with_profile, summary_in
from opinionlens.drift.windows import WindowSums
from opinionlens.jobs.drift_check import CheckedModel, check_window, read_profile
from opinionlens.jobs.drift_windows import LogSpan, window_of_log
from opinionlens.pipeline.lineage import hash_of_files
from opinionlens.storage import Database, drift_reports, drift_sums, migrate, predictions
from opinionlens.storage.drift_sums import HourlySums
from opinionlens.storage.predictions import PredictionRow, hash_text

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, drift_reference: bytes) -> Path:
    """A folder with the training texts and a model of them."""
    import polars as pl

    root = tmp_path_factory.mktemp("project")
    folder = root / "data" / "preprocessed"
    folder.mkdir(parents=True)
    pl.DataFrame({"text": TRAINING, "label": ["NEUTRAL"] * 6_000, "source": ["posts"] * 6_000}).write_parquet(
        folder / "train.parquet"
    )
    write_model(root / "objects" / "classifier", hash_of_files(folder), drift_reference)
    return root


@pytest.fixture
def database(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_mlflow_database) -> Database:
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", new_mlflow_database(tmp_path / "mlruns.db"))
    url = f"sqlite:///{tmp_path / 'opinionlens.db'}"
    monkeypatch.setenv("DATABASE__URL", url)
    monkeypatch.chdir(project)
    migrate(url)
    return Database(url)


@pytest.fixture
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command have the tests' time: which hours are whole depends on it."""

    class StoppedClock:
        def now(self, zone: tzinfo) -> datetime:
            return NOW.astimezone(zone)

    monkeypatch.setattr(drift_sources_run, "datetime", StoppedClock())


def write_csv(path: Path, texts: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["text"], *([text] for text in texts)])
    return path


def check(*options: str | Path) -> Result:
    return CliRunner().invoke(app, ["drift", "check", "--model", "objects/classifier", *map(str, options)])


def usual(count: int, seed: int = 7) -> list[str]:
    return posts(random.Random(seed), count)


def unusual(count: int) -> list[str]:
    return [f"recall of the batteries {text}" for text in usual(count)]


def test_a_file_like_the_training_texts(database: Database, tmp_path: Path) -> None:
    result = check("--input", write_csv(tmp_path / "usual.csv", usual(600)))
    assert result.exit_code == 0, result.output
    assert "No drift: 600 texts of the file look like the training texts of classifier" in result.stderr
    assert "1% of checks without drift" in result.stderr
    assert result.stdout.count("as usual") == 9  # the domain classifier, too: the training texts are here
    (report,) = drift_reports.newest(database).rows
    assert (report.has_drifted, report.model_name, report.model_version) == (False, "classifier", None)
    assert report.body["status"] == "no_drift"
    assert report.body["source"] == "file"


def test_a_file_unlike_them(database: Database, tmp_path: Path) -> None:
    result = check("--input", write_csv(tmp_path / "unusual.csv", unusual(600)), "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert report["status"] == "drift"
    assert report["score"] > 1
    drifted = {one["name"] for one in report["measures"] if one["has_drifted"]}
    assert {"term_shift", "unknown_terms", "embedding_mmd", "domain_classifier"} <= drifted
    assert "batteries" in report["served_words"]
    assert all("batteries" in text for text in report["served_examples"])
    assert report["combined_drift"] == pytest.approx(
        sum(one["value"] for one in report["measures"] if one["name"] in ("label_drift", "embedding_drift"))
    )
    stored = drift_reports.newest(database).rows[0]
    assert stored.has_drifted
    assert (
        not {"served_examples", "training_examples"} & stored.body.keys()
    )  # texts are not kept with reports
    said = check("--input", tmp_path / "unusual.csv")
    assert "Drift: 600 texts of the file differ" in said.stderr
    assert "Words of served texts:" in said.stderr


def test_too_few_texts_are_not_judged(database: Database, tmp_path: Path) -> None:
    result = check("--input", write_csv(tmp_path / "few.csv", [*unusual(199), "", " "]))
    assert result.exit_code == 4
    assert "Too little data: 199 texts of the file for classifier; 200 are needed." in result.stderr
    assert "Rows without a text, left out: 2." in result.stderr
    (report,) = drift_reports.newest(database).rows
    assert report.body["status"] == "too_little_data"
    assert report.body["measures"] == []


def test_texts_of_training_are_not_asked_for_elsewhere(
    database: Database, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_csv(tmp_path / "usual.csv", usual(300))
    asked = ["drift", "check", "--input", str(file), "--model", str(project / "objects" / "classifier")]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0
    assert "Needs the training texts" in result.stdout
    other = tmp_path / "data" / "preprocessed"
    other.mkdir(parents=True)
    (other / "train.parquet").write_bytes(b"other texts")
    assert "are not those that this model was trained on" in CliRunner().invoke(app, asked).stdout


def rows_of(
    classifier: Classifier, texts: Sequence[str], at: datetime, version: int | None, *, keeps: bool
) -> list[PredictionRow]:
    return [
        PredictionRow(
            id=uuid4(),
            at=at - timedelta(seconds=number // 3),  # several in one moment
            model_name="classifier",
            model_version=version,
            text_hash=hash_text(text),
            length_chars=len(text),
            label=prediction.label,
            probabilities=prediction.probabilities,
            latency_seconds=0.001,
            text=text if keeps else None,
        )
        for number, (text, prediction) in enumerate(zip(texts, classifier.predict_many(texts), strict=True))
    ]


def test_the_prediction_log_with_texts(database: Database, project: Path) -> None:
    classifier = load_classifier(project / "objects" / "classifier")
    hour_ago = NOW - timedelta(hours=1)
    predictions.write(database, rows_of(classifier, unusual(400), NOW - timedelta(days=3), None, keeps=True))
    predictions.write(
        database, rows_of(classifier, unusual(400), hour_ago, 9, keeps=True)
    )  # another version's
    predictions.write(database, rows_of(classifier, usual(400), hour_ago, None, keeps=True))
    result = check()  # of the last 24 hours
    assert result.exit_code == 0, result.output
    assert "No drift: 400 predictions look like" in result.stderr
    assert check("--since", "30m").exit_code == 4
    assert check("--since", "7d").exit_code == 3
    assert check("--last", "400").exit_code == 0
    assert "450 predictions" in check("--last", "450").stderr
    newest = drift_reports.newest(database).rows
    assert [one.body["source"] for one in newest] == ["prediction_log"] * 5
    assert newest[0].window_start < newest[1].window_start < newest[0].window_end


def test_the_prediction_log_without_texts(database: Database, project: Path) -> None:
    """Labels, confidence and lengths are enough for half of the measures."""
    classifier = load_classifier(project / "objects" / "classifier")
    hour_ago = NOW - timedelta(hours=1)
    predictions.write(database, rows_of(classifier, usual(300), hour_ago, None, keeps=False))
    result = check("--json")
    assert result.exit_code == 0, result.output
    by_name = {one["name"]: one for one in json.loads(result.stdout)["measures"]}
    taken = {name for name, one in by_name.items() if one["value"] is not None}
    assert taken == {"label_shift", "label_drift", "confidence_shift", "length_shift"}
    assert "0 of 300 are stored (PRIVACY__KEEP_TEXTS" in by_name["unknown_terms"]["why_not"]
    assert json.loads(result.stdout)["combined_drift"] is None
    predictions.write(database, rows_of(classifier, ["awful " * 30] * 300, hour_ago, None, keeps=False))
    assert check().exit_code == 3


def sums_of(classifier: Classifier, texts: Sequence[str], hour: datetime) -> HourlySums:
    """The sums that an app keeps of an hour."""
    profile = read_profile(Path("objects/classifier"))
    sums = WindowSums(profile)
    sums.add_predictions(classifier.predict_proba(texts), [len(text) for text in texts])
    sums.add_texts(texts, RECIPE, None)
    return HourlySums(uuid4(), "classifier", None, hour, sums.state())


@pytest.mark.usefixtures("_stopped_clock")
def test_hourly_sums_stand_for_texts(database: Database, project: Path) -> None:
    """All but the domain classifier can be measured without a text, on whole hours of the window."""
    classifier = load_classifier(project / "objects" / "classifier")
    this_hour = NOW.replace(minute=0, second=0, microsecond=0)
    served = [
        replace(row, unknown_share=0.0)
        for row in rows_of(classifier, usual(400), NOW - timedelta(hours=2), None, keeps=False)
    ]
    predictions.write(database, served)
    past = [this_hour - timedelta(hours=number) for number in (2, 3)]
    drift_sums.write(database, [sums_of(classifier, usual(150, seed), at) for seed, at in enumerate(past)])
    # Not whole hours of the window: the present one and one of before.
    outside = [this_hour, this_hour - timedelta(days=2)]
    drift_sums.write(database, [sums_of(classifier, unusual(400), at) for at in outside])
    result = check("--json")
    report = json.loads(result.stdout)
    assert (report["texts"], report["texts_with_words"]) == (400, 300)
    by_name = {one["name"]: one for one in report["measures"]}
    assert [name for name, one in by_name.items() if one["value"] is None] == ["domain_classifier"]
    assert not by_name["term_shift"]["has_drifted"]
    assert not by_name["embedding_mmd"]["has_drifted"]
    assert "the words are those of 300 predictions, from the sums of 2 whole hours" in report["notes"][0]
    drift_sums.write(database, [sums_of(classifier, unusual(400), past[0])])
    assert "embedding_mmd" in {
        one["name"] for one in json.loads(check("--json").stdout)["measures"] if one["has_drifted"]
    }


@pytest.mark.usefixtures("_stopped_clock")
def test_hourly_sums_stand_for_too_few_texts(database: Database, project: Path) -> None:
    """A hundred texts say nothing; from 200 on they count themselves."""
    classifier = load_classifier(project / "objects" / "classifier")
    this_hour = NOW.replace(minute=0, second=0, microsecond=0)
    earlier = NOW - timedelta(hours=2)
    predictions.write(database, rows_of(classifier, usual(300), earlier, None, keeps=False))
    predictions.write(database, rows_of(classifier, usual(100, 1), earlier, None, keeps=True))
    hour = this_hour - timedelta(hours=3)
    drift_sums.write(database, [sums_of(classifier, usual(300, 2), hour)])
    report = json.loads(check("--json").stdout)
    assert (report["texts"], report["texts_with_words"]) == (400, 300)
    assert "Only 100 texts are stored: the words are those of 300 predictions" in report["notes"][0]
    assert {one["name"]: one for one in report["measures"]}["term_shift"]["value"] is not None
    predictions.write(database, rows_of(classifier, usual(100, 3), earlier, None, keeps=True))
    report = json.loads(check("--json").stdout)
    assert (report["texts"], report["texts_with_words"]) == (500, 200)
    assert "The words of 200 of 500 texts were read" in report["notes"][0]


def test_pages_are_one_window(database: Database, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "_ROWS_AT_ONCE", 7)
    folder = project / "objects" / "classifier"
    model = CheckedModel(load_classifier(folder), "classifier", None, read_profile(folder))
    rows = rows_of(model.classifier, usual(300), NOW - timedelta(hours=1), None, keeps=True)
    predictions.write(database, rows)

    def window(most: int | None):
        return window_of_log(
            database,
            model.profile,
            RECIPE,
            model.knows,
            model=("classifier", None),
            span=LogSpan(NOW, most=most),
        )

    whole = window(None)
    assert whole.sums.texts == whole.sums.read_texts == len(whole.some_texts) == 300
    assert set(whole.some_texts) == {row.text for row in rows}
    assert whole.start == min(row.at for row in rows)
    assert window(250).sums.texts == 250
    assert check_window(model, whole).is_enough
    half = [replace(row, id=uuid4(), text=None) for row in rows]
    predictions.write(database, half)
    assert window(None).notes == ["The words of 300 of 600 texts were read: the others are not stored."]


def test_the_word_list_has_nothing_to_compare_with(database: Database) -> None:
    result = CliRunner().invoke(app, ["drift", "check", "--model", "lexicon"])
    assert isinstance(result.exception, InputError)
    assert "was not trained" in str(result.exception)


def test_one_window_at_a_time(database: Database, tmp_path: Path) -> None:
    result = check("--since", "1h", "--last", "5")
    assert isinstance(result.exception, InputError)
    assert "exclude one another" in str(result.exception)


def test_ages() -> None:
    assert age_of("90m") == timedelta(minutes=90)
    assert age_of(" 24H ") == timedelta(days=1)
    assert age_of("7d") == timedelta(days=7)
    for wrong in ("", "0h", "24", "h", "1.5h", "-3d", "9999999d"):
        with pytest.raises(InputError, match="is no time"):
            age_of(wrong)


def test_a_window_without_texts_beside_the_models_reference(project: Path) -> None:
    """Embeddings of the reference's dimension, with its thresholds for the number of texts."""
    profile = read_profile(project / "objects" / "classifier")
    usual = {"sentiment_dist": list(profile.label_shares), "embeddings": [list(profile.embedding)]}

    def found(**changes: object):
        values = {**usual, "texts": 500, **changes}
        return compare_with_profile(summary_in(values, at=NOW, place="here"), profile)

    same = found()
    assert not same.has_drifted
    taken = {one.name: one.threshold for one in same.results if one.value is not None}
    assert taken.keys() == {"label_shift", "label_drift", "embedding_drift"}
    assert taken["label_shift"] == profile.threshold("label_shift", 500, has_words=True)
    assert found(sentiment_dist=[1.0, 0.0, 0.0]).has_drifted
    assert found(embeddings=[[-value for value in profile.embedding]]).has_drifted
    without = found(embeddings=None)
    assert without.value("embedding_drift") is None
    assert without.results[0].threshold == profile.threshold("label_shift", 500, has_words=False)
    assert not found(texts=199).is_enough
    with pytest.raises(InputError, match="768 dimensions, those of the model's reference 64"):
        found(embeddings=[[0.5] * 768])
    with pytest.raises(InputError, match="of how many texts"):
        found(texts=None)


def test_a_small_log_gives_way_to_a_window(database: Database, project: Path, tmp_path: Path) -> None:
    profile = read_profile(project / "objects" / "classifier")
    window = {
        "sentiment_dist": list(profile.label_shares),
        "embeddings": [list(profile.embedding)],
        "texts": 800,
    }
    (tmp_path / "pushed.json").write_text(json.dumps(window))
    classifier = load_classifier(project / "objects" / "classifier")
    predictions.write(database, rows_of(classifier, usual(50), NOW - timedelta(hours=1), None, keeps=True))
    alone = check()
    assert alone.exit_code == 4
    assert "Too little data: 50 predictions for classifier; 200 are needed." in alone.stderr
    report = json.loads(check("--xcom", tmp_path / "pushed.json", "--json").stdout)
    assert (report["status"], report["source"], report["texts"]) == ("no_drift", "xcom", 800)
    assert report["sources"][0]["why_not"] == "It has 50 predictions, too few to compare."
    assert report["false_alarm_rate"] == 0.01


@pytest.mark.parametrize("place", ["disk", "mlflow", "table"])
def test_an_exported_window_is_found_again(
    database: Database, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Shares, mean embedding and number of texts come back, and are compared as before."""
    monkeypatch.chdir(tmp_path)
    model = str(project / "objects" / "classifier")
    run = CliRunner()
    classifier = load_classifier(project / "objects" / "classifier")

    def command(name: str, *options: str) -> Result:
        return run.invoke(app, ["drift", name, "--model", model, *options])

    assert "no predictions in this time" in str(command("export", "--to", place).exception)
    hour_ago = NOW - timedelta(hours=1)
    predictions.write(database, rows_of(classifier, usual(300), hour_ago, None, keeps=True))
    written = command("export", "--to", place)
    assert written.exit_code == 0, written.output
    assert "Written: 300 predictions to " in written.stderr
    again = command("check", "--from", place, "--json")
    assert again.exit_code == 0, again.output
    straight = json.loads(command("check", "--from", "log", "--json").stdout)
    found = json.loads(again.stdout)
    assert (found["source"], found["texts"], straight["texts"]) == (place, 300, 300)
    for name in ("label_shift", "label_drift", "embedding_drift"):
        values = [
            next(one for one in report["measures"] if one["name"] == name) for report in (found, straight)
        ]
        assert values[0]["value"] == pytest.approx(values[1]["value"], abs=1e-9)
        assert values[0]["threshold"] == values[1]["threshold"]
    # Without stored texts there is no embedding, and that of the window before does not count.
    predictions.write(database, rows_of(classifier, usual(400), NOW, None, keeps=False))
    assert "Without embeddings. Needs the texts" in command("export", "--to", place, "--since", "30m").stderr
    shares_only = json.loads(command("check", "--from", place, "--json").stdout)
    assert shares_only["texts"] == 400
    assert shares_only["combined_drift"] is None
