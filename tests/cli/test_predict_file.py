"""`opinionlens predict FILE` with a real artifact: what is written where, and what the person is told."""

import csv
import signal
import subprocess
import sys
from math import exp

import pytest
from tests.support.waiting import wait_until

from opinionlens.base.errors import TableInvalid
from opinionlens.cli.predict import FileOptions, predict_file


@pytest.fixture
def predict(tmp_path, monkeypatch, write_word_model, capsys):
    """Predict a file of this content below `data/raw`, from the project's folder; tell its outcome."""
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    digest = write_word_model(tmp_path / "words", {"great": 2.0, "awful": -2.0})

    def run(name, content, **options):
        (raw / name).write_bytes(content)
        status = predict_file(raw / name, FileOptions(**options), model="words")
        said = capsys.readouterr()
        assert said.out == ""
        assert [path.name for path in raw.iterdir()] == [name]
        assert (raw / name).read_bytes() == content
        # The first line is the bar's, with its seconds.
        return status, [line.replace(digest[:12], "DIGEST") for line in said.err.splitlines()[1:]]

    return run


def rows(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_output_goes_to_the_current_folder_and_the_raw_one_stays_as_it_was(predict, tmp_path):
    status, said = predict("reviews.csv", b"text,stars\ngreat great,5\nawful,1\nwhat is this,3\n")
    assert status == 0
    assert said == ["3 rows, 3 predicted with words DIGEST → reviews.scored.csv"]
    written = rows(tmp_path / "reviews.scored.csv")
    assert [row["prediction"] for row in written] == ["POSITIVE", "NEGATIVE", "NEUTRAL"]
    assert [row["stars"] for row in written] == ["5", "1", "3"]
    assert {row["model_name"] for row in written} == {"words"}
    # Two times "great" give 4 to POSITIVE and -4 to NEGATIVE; NEUTRAL starts with 1.
    powers = [exp(-4), exp(1), exp(4)]
    assert float(written[0]["p_positive"]) == pytest.approx(powers[2] / sum(powers), abs=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "reviews.scored.csv", "words"]


def test_rows_without_a_prediction_are_counted_by_reason(predict, tmp_path):
    content = b'{"body": "great"}\n{"body": ""}\n[]\n{"body": 3}\n{"body": " "}\n'
    for strict, expected in ((False, 0), (True, 1)):
        status, said = predict("in.jsonl", content, text_column="body", strict=strict)
        assert status == expected
        assert said == [
            "5 rows, 1 predicted with words DIGEST → in.scored.jsonl",
            "2 not predicted: the text is missing or empty",
            "1 not predicted: the line is JSON, but not an object; it stands in `input_line`",
            "1 not predicted: the text is not a string",
        ]
    assert len((tmp_path / "in.scored.jsonl").read_text().splitlines()) == 5


def test_what_was_renamed_and_repaired_is_said(predict, tmp_path):
    content = b"text,error,[bold]\ngreat caf\xe9,,x\nawful,no,y\n"
    _, said = predict("in.csv", content)
    assert said == [
        "2 rows, 2 predicted with words DIGEST → in.scored.csv",
        "Input columns renamed, because the predictions add theirs: `error` → `input_error`.",
        "1 line is not UTF-8; odd bytes were read as Windows-1252.",
    ]
    written = rows(tmp_path / "in.scored.csv")
    assert [(row["text"], row["input_error"], row["error"]) for row in written] == [
        ("great café", "", ""),
        ("awful", "no", ""),
    ]


def test_names_are_shown_as_they_are(predict, tmp_path):
    _, said = predict("in [red] :smile: " + "x" * 100 + ".csv", b"text\ngreat\n")
    assert said == ["1 row, 1 predicted with words DIGEST → in [red] :smile: " + "x" * 100 + ".scored.csv"]


def test_a_place_that_was_asked_for_is_used(predict, tmp_path):
    predict("in.csv", b"text\ngreat\n", out=tmp_path / "mine.csv")
    assert rows(tmp_path / "mine.csv")[0]["prediction"] == "POSITIVE"
    assert not (tmp_path / "in.scored.csv").exists()


def test_a_file_that_cannot_be_read_leaves_nothing(predict, tmp_path):
    with pytest.raises(TableInvalid, match="`body`"):
        predict("in.csv", b"text\ngreat\n", text_column="body")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "words"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_half_way_it_leaves_nothing_behind(tmp_path, write_word_model, number):
    write_word_model(tmp_path / "words", {"great": 2.0, "awful": -2.0})
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "great, but not all that great\n" * 1_000_000)
    before = sorted(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "opinionlens.cli.main", "predict", str(source), "--model", "words"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Tests that a shell runs in the background are told to ignore Ctrl-C, and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        wait_until(lambda: sorted(tmp_path.iterdir()) != before or process.poll() is not None, 60)
        assert process.poll() is None  # it has begun to write
        process.send_signal(number)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    assert sorted(tmp_path.iterdir()) == before
