"""`opinionlens evaluate`: the report as text, as JSON, and as a file of its own."""

import contextlib
import json
import re
from pathlib import Path

import pytest

from opinionlens.base.errors import InputError, SettingsInvalid, TableInvalid
from opinionlens.base.progress import Quiet
from opinionlens.cli import registries
from opinionlens.cli.evaluate_command import EvaluationRequest, run_evaluate
from opinionlens.cli.main import evaluate as evaluate_command
from opinionlens.registry import MemoryRegistry

ROOT = Path(__file__).parents[2]
FILE = Path("mine.csv")
# The model of these tests knows `great` and `awful`; everything else is neutral to it.
ROWS = "review,mood\ngreat,pos\ngreat great,pos\nawful,neg\nso so,neu\nawful awful <b>,pos\n,neg\n"


@pytest.fixture(autouse=True)
def project(bare_environment, tmp_path, monkeypatch, write_word_model):
    """An empty folder with a file of labelled texts and a model, and an empty registry in memory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API__STATIC_PATH", str(ROOT / "static"))
    monkeypatch.setenv("API__TEMPLATES_PATH", str(ROOT / "templates"))
    memory = MemoryRegistry()
    monkeypatch.setattr(registries, "open_registry", lambda *args: contextlib.nullcontext(memory))
    FILE.write_text(ROWS)
    write_word_model(tmp_path / "words", {"great": 2.0, "awful": -2.0})
    return memory


@pytest.fixture
def evaluated(capsys):
    """Run the command; return what it wrote to standard output."""

    def run(model="words", *, as_json=True, html=None, **order):
        run_evaluate(EvaluationRequest(model, FILE, **order), as_json=as_json, html=html, reporter=Quiet())
        return capsys.readouterr().out

    return run


def test_the_report_as_json(evaluated):
    report = json.loads(evaluated())
    assert (report["n"], report["data"]["rows_in"], report["two_class"]) == (5, 6, False)
    assert report["data"]["left_out"] == {"the text is missing or empty": 1}
    assert report["figures"]["confusion"] == [[1, 0, 0], [0, 1, 0], [1, 0, 2]]
    assert report["figures"]["accuracy"]["value"] == 0.8
    (wrong,) = report["wrong"]
    assert (wrong["row"], wrong["truth"], wrong["predicted"]) == (5, "POSITIVE", "NEGATIVE")
    assert [one["name"] for one in report["compared"]] == ["VADER", "Commonest class"]
    assert report["without_champion"].startswith("No version of 'opinionlens' is the champion.")


def test_the_champion_is_asked_on_the_same_rows(evaluated, project, write_word_model, tmp_path):
    digest = write_word_model(tmp_path / "other", {"great": -2.0})
    project.register("opinionlens", tmp_path / "other", digest=digest, run_id=None, tags={}, scores={})
    project.set_alias("opinionlens", "champion", 1)
    report = json.loads(evaluated())
    champion = report["compared"][0]
    # It takes both `great` for negative and the rest for neutral: one of five is right.
    assert (champion["name"], champion["accuracy"]) == ("opinionlens 1 (champion)", 0.2)
    assert report["without_champion"] is None
    itself = json.loads(evaluated("opinionlens@champion"))
    assert itself["figures"]["name"] == "opinionlens 1"
    assert [one["name"] for one in itself["compared"]] == ["VADER", "Commonest class"]
    assert json.loads(evaluated(with_champion=False))["without_champion"] is None


def test_the_report_as_text(evaluated):
    said = evaluated(as_json=False)
    for words in (
        r"^words [0-9a-f]{12} on mine\.csv$",
        r"^  Right on 80\xa0% of 5 texts; macro F1 0\.822 ",
        r"Not clearly better or worse than VADER|Better than VADER",
        r"5 texts are few: look at the intervals\.",
        r"│ positive │ +3 │",
        r"│ 5 +│ positive │ negative",
        r"Labels: pos → POSITIVE, neg → NEGATIVE, neu → NEUTRAL\.",
        r"1 of 6 rows is not used: 1 because the text is missing or empty\.",
    ):
        assert re.search(words, said, re.MULTILINE), words


def test_the_word_list_needs_no_artifact(evaluated):
    assert json.loads(evaluated("lexicon"))["figures"]["name"] == "built-in word list"


def test_labels_are_explained_and_rows_limited(evaluated):
    report = json.loads(evaluated(labels=["neu=skip", "neg=NEGATIVE"], max_rows=2, seed=4))
    assert report["two_class"]
    assert (report["n"], report["data"]["usable"], report["data"]["seed"]) == (2, 4, 4)
    assert report["data"]["left_out"]["left out as you said"] == 1


def test_the_html_file_stands_alone(evaluated, tmp_path):
    evaluated(html=Path("out/report.html"))
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert re.search(r"<h2[^>]*>words [0-9a-f]{12} on mine.csv</h2>", page)
    assert "awful awful &lt;b&gt;" in page
    assert not re.search(r"<script|<link|<img|@import|\bsrc=|\bhref=|url\(|https?://(?!www\.w3\.org)", page)
    assert "default-src 'none'" in page
    assert "color-scheme: light dark" in page


def test_what_is_wrong_is_said_before_the_work(evaluated, monkeypatch, tmp_path):
    monkeypatch.setenv("API__STATIC_PATH", str(tmp_path / "away"))
    with pytest.raises(SettingsInvalid, match="style sheets of the report"):
        evaluated(html=Path("report.html"))
    with pytest.raises(InputError, match="neither a folder nor NAME@VERSION"):
        evaluated("nothing")
    with pytest.raises(InputError, match="does not say what a label means"):
        evaluated(labels=["x"])
    with pytest.raises(TableInvalid, match="no column `body`"):
        evaluated(text_column="body")


def test_the_command_takes_the_options(capsys):
    evaluate_command(
        "lexicon",
        FILE,
        text_column="review",
        label_column="mood",
        label=["neu=skip"],
        max_rows=100,
        seed=1,
        champion=False,
        as_json=True,
        html=None,
    )
    assert json.loads(capsys.readouterr().out)["data"]["meanings"] == {
        "pos": "POSITIVE",
        "neg": "NEGATIVE",
        "neu": None,
    }
