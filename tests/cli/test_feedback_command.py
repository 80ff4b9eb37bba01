"""`opinionlens feedback export`: whole files only, and the pipeline's own reader takes them."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from opinionlens.base.errors import InputError
from opinionlens.cli.main import app
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.finding import Places
from opinionlens.datasets.table_card import card_from_params
from opinionlens.pipeline.params import LabelledFile
from opinionlens.storage import Database, RecordNotFound, SchemaUnsupported, feedback, migrate
from opinionlens.text.labels import Label

TEXTS = [
    ("so so", Label.NEUTRAL),
    ('the "best", honestly\nand cheap', Label.POSITIVE),
    ("=HYPERLINK(1) @jane ruined it \u2028 😀", Label.NEGATIVE),
]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    url = f"sqlite:///{tmp_path / 'opinionlens.db'}"
    monkeypatch.setenv("DATABASE__URL", url)
    monkeypatch.chdir(tmp_path)
    migrate(url)
    return Database(url)


def export(name: str) -> None:
    result = CliRunner().invoke(app, ["feedback", "export", name])
    if result.exception is not None:
        raise result.exception


@pytest.mark.parametrize(("name", "guard"), [("feedback.jsonl", ""), ("feedback.csv", "'")])
def test_the_pipeline_reads_what_is_exported(
    database: Database, tmp_path: Path, name: str, guard: str
) -> None:
    for text, label in TEXTS:
        feedback.add(database, label=label, source="page", text=text)
    feedback.add(database, label=Label.NEUTRAL, source="api", prediction_id=uuid4())  # its text is not known
    export(name)
    # As docs/feedback.md tells to write it in params.yaml.
    stated = LabelledFile(
        name="feedback", path=name, label_map={label: label for label in Label}, time_column="time"
    )
    card = card_from_params(**stated.model_dump())
    reading = read_dataset(card, Places(raw=tmp_path, fetched=tmp_path))
    expected = [text.replace("@jane", "@user") for text, _ in TEXTS]
    expected[2] = guard + expected[2]
    assert reading.frame["text"].to_list() == expected
    assert reading.frame["label"].to_list() == [label.value for _, label in TEXTS]
    assert reading.frame["time"].null_count() == 0
    assert (reading.rows_in, dict(reading.rejected)) == (3, {})


def test_a_name_that_says_no_format_is_refused(database: Database) -> None:
    with pytest.raises(InputError, match=r"\.csv or \.jsonl"):
        export("feedback.xlsx")


def test_without_tables_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE__URL", "sqlite:///nowhere.db")
    monkeypatch.chdir(tmp_path)
    old = tmp_path / "feedback.csv"
    old.write_text("old")
    with pytest.raises(SchemaUnsupported, match="DATABASE__URL"):
        export("feedback.csv")
    assert old.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["feedback.csv"]


def test_a_break_half_way_leaves_nothing_half(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Database):  # type: ignore[no-untyped-def]
        yield feedback.LabelledRow("x", Label.NEUTRAL, "page", feedback.utc_now())
        raise OSError("disk full")

    monkeypatch.setattr(feedback, "labelled_rows", broken)
    with pytest.raises(OSError, match="disk full"):
        export("feedback.jsonl")
    assert not (tmp_path / "feedback.jsonl").exists()


def delete(*options: str, **given: str) -> str:
    result = CliRunner().invoke(app, ["feedback", "delete", *options], **given)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_one_is_deleted_by_its_number(database: Database) -> None:
    for text, label in TEXTS:
        feedback.add(database, label=label, source="page", text=text)
    assert "Feedback 2 has been deleted." in delete("--id", "2")
    assert [row.id for row in feedback.newest(database).rows] == [3, 1]
    with pytest.raises(RecordNotFound):
        delete("--id", "2")


@pytest.mark.parametrize("as_input", [False, True])
def test_all_of_a_text_is_deleted(database: Database, as_input: bool) -> None:
    for text, label in TEXTS:
        feedback.add(database, label=label, source="page", text=text)
    text = TEXTS[2][0]
    said = delete("--text", "-", input=f"{text}\n") if as_input else delete("--text", text)
    assert "1 × feedback, 0 × prediction" in said
    assert [row.id for row in feedback.newest(database).rows] == [2, 1]


@pytest.mark.parametrize("options", [(), ("--text", ""), ("--id", "1", "--text", "a")])
def test_what_is_to_be_deleted_must_be_said(database: Database, options: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="what to delete"):
        delete(*options)
