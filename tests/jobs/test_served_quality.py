"""Quality of served answers in reports, from probabilities and from feedback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from tests.support.drift_model import write_model
from typer.testing import CliRunner

from opinionlens.cli.main import app
from opinionlens.storage import Database, drift_reports, feedback, migrate, predictions
from opinionlens.storage.feedback import JudgedPrediction
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.text.labels import Label

NOW = datetime.now(UTC)
SURE = (0.9, 0.06, 0.04)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, drift_reference: bytes) -> Path:
    return write_model(tmp_path_factory.mktemp("made") / "classifier", None, drift_reference)


@pytest.fixture
def database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_mlflow_database: Callable[[Path], str]
) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'opinionlens.db'}"
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", new_mlflow_database(tmp_path / "mlruns.db"))
    monkeypatch.setenv("DATABASE__URL", url)
    monkeypatch.chdir(tmp_path)
    migrate(url)
    with closing(Database(url)) as database:
        yield database


def write(
    database: Database, count: int, *, at: datetime = NOW - timedelta(hours=1), name: str = "classifier"
) -> list[UUID]:
    rows = [
        PredictionRow(
            id=uuid4(),
            at=at,
            model_name=name,
            model_version=None,
            text_hash=hash_text("text"),
            length_chars=40,
            label=Label.NEGATIVE,
            probabilities=SURE,
            latency_seconds=0.001,
        )
        for _ in range(count)
    ]
    predictions.write(database, rows)
    return [row.id for row in rows]


def say(database: Database, idents: list[UUID], label: Label, source: str = "page") -> None:
    for ident in idents:
        feedback.add(database, label=label, source=source, prediction_id=ident)


class TestFeedbackOnPredictions:
    def asked(self, database: Database, **changed: int) -> list[JudgedPrediction]:
        since = NOW - timedelta(hours=2)
        span = {"since": since, "until": NOW}
        return feedback.on_predictions(
            database, model_name="classifier", model_version=None, **span, **changed
        )

    def test_only_the_last_word_on_a_prediction_of_that_model_and_time(self, database: Database) -> None:
        ident, *_ = write(database, 1)
        say(database, [ident], Label.POSITIVE)
        say(database, [ident], Label.NEGATIVE, "review")
        say(database, write(database, 1, name="another"), Label.POSITIVE)
        say(database, write(database, 1, at=NOW - timedelta(hours=3)), Label.POSITIVE)
        feedback.add(database, label=Label.POSITIVE, source="page", text="without a prediction")
        assert self.asked(database) == [JudgedPrediction(SURE, Label.NEGATIVE, "review")]

    def test_it_has_a_bound(self, database: Database) -> None:
        say(database, write(database, 3), Label.POSITIVE)
        assert len(self.asked(database, limit=2)) == 2


def test_a_report_tells_expected_and_realised_quality(database: Database, model: Path) -> None:
    idents = write(database, 300)
    say(database, idents[:8], Label.NEGATIVE)
    say(database, idents[8:10], Label.POSITIVE)
    asked = ["drift", "check", "--model", str(model)]
    printed = CliRunner().invoke(app, asked)
    assert printed.exit_code == 3, printed.output  # the labels are all the same
    assert "90 % of the answers are expected to be right." in printed.stderr
    assert "Estimated now" in printed.stdout
    assert "By feedback on 10 answers" in printed.stdout
    assert "feedback is no fair sample" in printed.stderr
    report = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    quality = report["quality"]
    assert quality["texts"] == 300
    assert quality["estimated"]["accuracy"]["value"] == pytest.approx(0.9)
    assert quality["validation"] == {}
    assert quality["feedback"]["answers"] == 10
    assert quality["feedback"]["accuracy"]["value"] == pytest.approx(0.8)
    assert drift_reports.newest(database).rows[0].body["quality"] == quality


def test_too_few_texts_have_no_quality(database: Database, model: Path) -> None:
    write(database, 199)
    result = CliRunner().invoke(app, ["drift", "check", "--model", str(model), "--json"])
    assert result.exit_code == 4
    assert json.loads(result.stdout)["quality"] is None


def test_the_html_file_stands_alone(database: Database, model: Path, tmp_path: Path) -> None:
    write(database, 300)
    asked = ["drift", "check", "--model", str(model), "--html", "out/drift.html"]
    for _ in range(2):
        result = CliRunner().invoke(app, asked)
        assert result.exit_code == 3, result.output
    assert "Written: out/drift.html" in result.stderr
    page = (tmp_path / "out" / "drift.html").read_text(encoding="utf-8")
    assert "The texts have changed: 300 texts differ from what classifier was trained on." in page
    assert "90 % of the answers are expected to be right." in page
    assert page.count('role="img"') >= 4  # the checks so far, a picture for each measure
    assert "2 checks, 2 above the threshold." in page
    assert not re.search(r"<script|<link|<img|@import|\bsrc=|\bhref=|url\(|https?://(?!www\.w3\.org)", page)
    assert "default-src 'none'" in page


def test_where_no_page_can_be_made_nothing_is_checked(
    database: Database, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, 300)
    monkeypatch.setenv("API__STATIC_PATH", str(tmp_path / "away"))
    result = CliRunner().invoke(app, ["drift", "check", "--model", str(model), "--html", "drift.html"])
    assert "style sheets of the report are missing" in str(result.exception or result.output)
    assert drift_reports.newest(database).total == 0
