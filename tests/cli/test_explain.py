"""The table of `opinionlens explain`: it adds up, whatever the text is made of."""

import re
import unicodedata
from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from opinionlens.classifiers.load import load_classifier
from opinionlens.cli.explain import contributions_table, run_explain
from opinionlens.cli.main import app

WORDS = {"great": 2.0, "fine": 1 / 3, "slow": -1 / 7, "awful": -3.0, "👍": 1.5, "שלום": 0.25}
NUMBER = re.compile(r"[+-]\d+\.\d{3}")
COLUMNS = ("NEGATIVE", "NEUTRAL", "POSITIVE")


@pytest.fixture(scope="module")
def artifact(write_word_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain") / "by-hand"
    write_word_model(folder, WORDS)
    return folder


@pytest.fixture
def explained(artifact, capsys):
    """Explain a text and return what was printed."""

    def explain(text):
        run_explain(text, model=str(artifact))
        return capsys.readouterr().out

    return explain


def rows_of(output):
    """The rows of the printed table: (first cell, three numbers), the decision value last."""
    rows = []
    for line in output.splitlines():
        numbers = NUMBER.findall(line)
        if len(numbers) == 3:
            rows.append((line.split("│")[1].strip(), tuple(float(number) for number in numbers)))
    return rows


def assert_adds_up(output):
    *parts, (last, decision) = rows_of(output)
    assert last == "decision value"
    assert parts[-1][0] == "bias"
    for column in range(3):
        total = sum(numbers[column] for _, numbers in parts)
        assert total == pytest.approx(decision[column], abs=0.0005 * (len(parts) + 1))


def test_verdict_and_table_of_a_known_text(explained):
    output = explained("great great awful")
    # Twice +2 and once -3 for POSITIVE, the opposite for NEGATIVE, and NEUTRAL starts ahead by 1.
    assert rows_of(output) == [
        ("great", (-2.0, 0.0, 2.0)),
        ("great", (-2.0, 0.0, 2.0)),
        ("awful", (3.0, 0.0, -3.0)),
        ("bias", (0.0, 1.0, 0.0)),
        ("decision value", (-1.0, 1.0, 1.0)),
    ]
    assert all(label in output for label in COLUMNS)
    # Of the softmax of (-1, 1, 1) the larger two are 1 / (2 + e**-2).
    assert re.match(r"(NEUTRAL|POSITIVE)  confidence 0\.468, uncertain: low confidence  \(by-hand ", output)


def test_thirds_and_sevenths_add_up_within_rounding(explained):
    assert_adds_up(explained("fine slow fine, slow slow fine! slow unknown fine"))


def test_dash_reads_standard_input(artifact):
    result = CliRunner().invoke(app, ["explain", "-", "--model", str(artifact)], input="great\nawful awful\n")
    assert result.exit_code == 0, result.output
    assert [cell for cell, _ in rows_of(result.output)] == [
        "great",
        "awful",
        "awful",
        "bias",
        "decision value",
    ]
    assert result.output.startswith("NEGATIVE")


@pytest.mark.parametrize("text", ["", " \n\t ", "\0", "\u200b"])
def test_nothing_to_go_by_is_said(explained, text):
    output = explained(text)
    assert "uncertain: empty text" in output
    assert [cell for cell, _ in rows_of(output)][-2:] == ["bias", "decision value"]
    assert_adds_up(output)


@pytest.mark.parametrize(
    "text",
    [
        "great\0awful \0 great",
        "\u202egreat\u202c \u2067awful\u2069",
        "שלום great",
        "👍 great 👍🏽 👩‍👩‍👧 🏳️‍🌈",
        "\x1b[31mgreat\x1b[0m \x1b]0;title\x07 awful",
        "[bold]great[/bold] [/] [/red] awful :smile:",
        "gr\udce9at great \ud800",
        "great\r\nawful\u2028fine\x85slow",
        "great" + "o" * 5000,
        "https://example.org/" + "a" * 300 + " great",
        "Z" + "\u0301" * 200 + " great",
    ],
)
def test_odd_characters_do_no_harm(explained, text):
    output = explained(text)
    assert output.split()[0] in COLUMNS
    assert_adds_up(output)
    loose = {char for char in output if unicodedata.category(char) in {"Cc", "Cs"} and char != "\n"}
    assert not loose, "the terminal would obey them"
    assert not set(output) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068"), "the row would be reordered"


@pytest.mark.parametrize("width", ["50", "80", "200"])
def test_numbers_stay_whole_in_a_narrow_terminal(explained, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    output = explained("great https://example.org/" + "a" * 90 + " fine slow")
    assert_adds_up(output)
    assert all(label in output for label in COLUMNS)


def test_approximate_explanation_says_so(artifact):
    explanation = replace(load_classifier(artifact).explain("great"), exact=False)
    console = Console(width=120)
    with console.capture() as shown:
        console.print(contributions_table(explanation))
    assert "no sum of parts" in shown.get()


def test_a_long_text_shows_what_weighs_most_and_sums_up_the_rest(explained):
    filler = " ".join(f"word{number}" for number in range(2_000))
    output = explained(f"{filler} awful {filler} great")
    shown = [cell for cell, _ in rows_of(output)]
    assert len(shown) < 100
    assert {"awful", "great"} <= set(shown)
    assert any(cell.endswith("weaker tokens") for cell in shown)
    assert_adds_up(output)
