"""`opinionlens predict TEXT`: a text or a file, and what is said about a text."""

import json
import subprocess
import sys
from math import exp
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opinionlens.base.errors import InputError
from opinionlens.classifiers.uncertainty import UNCERTAIN_SENTENCES, UncertainReason
from opinionlens.cli.main import app
from opinionlens.cli.predict import FileOptions, names_file

PLAIN = FileOptions()


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch, write_word_model):
    monkeypatch.chdir(tmp_path)
    return write_word_model(tmp_path / "words", {"great": 2.0, "awful": -2.0})[:12]


def run(*arguments, **options):
    return CliRunner().invoke(app, [*arguments, "--model", "words"], **options)


def powers(positive):
    """The probabilities of a text whose words add up so; NEUTRAL starts with 1."""
    parts = [exp(-positive), exp(1), exp(positive)]
    return [part / sum(parts) for part in parts]


def test_a_text_gets_label_confidence_and_probabilities(project):
    negative, neutral, positive = powers(4)
    result = run("predict", "great, just great")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        f"POSITIVE  confidence {positive:.3f}  (words {project})",
        f"Probabilities: negative {negative:.3f}, neutral {neutral:.3f}, positive {positive:.3f}",
    ]


def test_an_uncertain_prediction_says_why():
    assert run("predict", "…").output.splitlines()[-1] == "Uncertain: This text has no words."


def test_every_reason_has_a_sentence():
    assert set(UNCERTAIN_SENTENCES) == set(UncertainReason)


def test_json_has_the_fields_of_the_api(project):
    answer = json.loads(run("predict", "awful awful", "--json").stdout)
    negative, neutral, positive = powers(-4)
    assert answer.pop("confidence") == pytest.approx(negative, abs=1e-6)
    assert answer.pop("probabilities") == pytest.approx(
        {"NEGATIVE": negative, "NEUTRAL": neutral, "POSITIVE": positive}, abs=1e-6
    )
    assert answer == {
        "prediction": "NEGATIVE",
        "uncertain": False,
        "reason": None,
        "model": {"name": "words", "version": project},
    }


def test_json_names_the_reason():
    answer = json.loads(run("predict", " ", "--json").stdout)
    assert (answer["uncertain"], answer["reason"]) == (True, "empty_text")


def test_dash_reads_the_text_from_standard_input():
    assert run("predict", "-", input="great\nreviews.csv\n").output.startswith("POSITIVE")


def test_a_file_is_predicted_row_by_row_and_score_is_the_older_name(tmp_path):
    (tmp_path / "in.csv").write_text("text\ngreat\n")
    for command in ("predict", "score"):
        result = run(command, "in.csv", "--out", f"{command}.csv")
        assert result.exit_code == 0, result.output
    assert (tmp_path / "predict.csv").read_bytes() == (tmp_path / "score.csv").read_bytes()
    assert "POSITIVE" in (tmp_path / "score.csv").read_text()
    listed = CliRunner().invoke(app, ["--help"], env={"TERM": "dumb"}).output
    assert "predict" in listed
    assert " score " not in listed


@pytest.mark.parametrize("option", [["--out", "x.csv"], ["--strict"], ["--spreadsheet-safe"]])
@pytest.mark.parametrize("argument", ["great stuff", "reviews.csv", "-"])
def test_an_option_of_files_needs_a_file(option, argument):
    result = run("predict", argument, *option, input="great")
    assert isinstance(result.exception, InputError)
    assert str(result.exception) == (
        f"{option[0]} can only be used with a file, and there is none of that name. [{argument}] "
        "Check the path; for a text leave them out."
    )


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_a_closed_standard_input_is_said(command):
    line = f"{sys.executable} -m opinionlens.cli.main {command} - --model lexicon <&-"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "Standard input is closed. Give the text itself, or pipe it in." in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_json_is_refused_for_a_file(tmp_path):
    (tmp_path / "in.csv").write_text("text\ngreat\n")
    assert "--json is for one text" in str(run("predict", "in.csv", "--json").exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "words"]


@pytest.mark.parametrize(
    "name",
    [
        "reviews.csv",
        "my reviews.CSV",
        "data/raw/reviews.jsonl.gz",
        "sheet.xlsx",
        "data/sheet.xlsx",
        "/nothing/of/that/name",
        "./reviews",
        "../reviews",
        "~/reviews",
        r"C:\data\reviews",
        f"{'reviews' * 1000}.csv",
        "re\0views.csv",
    ],
)
def test_a_name_of_no_file_is_an_error(name):
    assert names_file(name, PLAIN)
    assert str(run("predict", name).exception) == (
        f"There is no such file. [{Path(name)}] Check the path. "
        "If it is a text, give `-` in its place and the text on standard input."
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "great",
        "-",
        "Great.",
        "Great...thanks",
        "I love it. Really.",
        "good/bad",
        "Open /etc/passwd, please",
        "https://example.org/great",
        "4.5",
        "a\0b",
        "great " * 10_000,
        "\ud800",
    ],
)
def test_anything_else_is_a_text(text):
    assert not names_file(text, PLAIN)


def test_an_existing_file_or_folder_is_never_a_text(tmp_path):
    (tmp_path / "great").write_text("")
    assert names_file("great", PLAIN)
    (tmp_path / "folder").mkdir()
    assert names_file("folder", PLAIN)
    assert str(run("predict", "folder").exception) == (
        "This is a folder. [folder] Name one of its files. "
        "If it is a text, give `-` in its place and the text on standard input."
    )


def test_the_remedy_works_for_a_text_that_looks_like_a_file(tmp_path):
    assert not Path("great.csv").exists()
    assert run("predict", "-", input="great.csv").output.startswith("POSITIVE")


def test_a_file_of_unknown_ending_may_have_been_meant_as_a_text(tmp_path):
    (tmp_path / "great").write_text("hello")
    said = str(run("predict", "great").exception)
    assert said.startswith("The format of great is not known by its ending.")
    assert said.endswith("If it is a text, give `-` in its place and the text on standard input.")
