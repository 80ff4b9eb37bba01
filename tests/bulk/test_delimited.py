from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinionlens.base.errors import TableInvalid
from opinionlens.bulk import BatchReport
from opinionlens.bulk.result_columns import ADDED
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.text.blank import is_blank

Score = Callable[..., tuple[BatchReport, Path]]


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """Read the output strictly: what comes back is what anybody reads."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    finally:
        csv.field_size_limit(before)


def test_rows_come_out_in_order_with_their_verdicts(score: Score, classifier: Any) -> None:
    report, output = score("in.csv", 'id,text,mark\r\n7,good,a\r\n8,"so, so",b\r\n9,"two\nlines",c\r\n')
    rows = table(output)
    assert list(rows[0]) == ["id", "text", "mark", *ADDED]
    assert [(row["id"], row["text"], row["mark"]) for row in rows] == [
        ("7", "good", "a"),
        ("8", "so, so", "b"),
        ("9", "two\nlines", "c"),
    ]
    for row in rows:
        expected = classifier.predict(row["text"])
        assert row["prediction"] == expected.label.value
        assert float(row["confidence"]) == round(expected.confidence, 6)
        assert [float(row[name]) for name in ("p_negative", "p_neutral", "p_positive")] == [
            round(value, 6) for value in expected.probabilities
        ]
        assert (row["uncertain"], row["model_name"], row["model_version"], row["error"]) == (
            "false",
            "m",
            "3",
            "",
        )
    assert report == BatchReport(rows=3, errors=0, by_reason={}, notes=())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out_and_kept(score: Score, delimiter: str) -> None:
    report, output = score("in.csv", f"a{delimiter}text{delimiter}b\n1{delimiter}fine{delimiter}2\n")
    (row,) = table(output, delimiter)
    assert (row["a"], row["text"], row["b"]) == ("1", "fine", "2")
    assert report.errors == 0


def test_one_column_needs_no_quotes(score: Score) -> None:
    report, output = score("in.txt", "text\nHello, world\nfine\n\nlast, one,\n")
    assert [row["text"] for row in table(output)] == ["Hello, world", "fine", "last, one,"]
    assert (report.rows, report.errors) == (3, 0)


def test_broken_rows_stay_in_place_with_their_reasons(score: Score) -> None:
    content = (
        "id,text,x\n"
        "1,good,a\n"
        "2,too few\n"
        "3,too,many,cells\n"
        '4,"never closed,b\n'
        "5,fine,c\n"
        '6,"odd" quotes,d\n'
        "7,,e\n"
        "8, \u200b\u3164 ,f\n"
        "9,also fine,g,,\n"
        '10,"cut of'
    )
    report, output = score("in.csv", content)
    rows = table(output)
    assert [row["id"] for row in rows] == [str(number) for number in range(1, 11)]
    errors = {row["id"]: row["error"] for row in rows if row["error"]}
    assert errors == {
        "2": RowProblem.TOO_FEW_COLUMNS.value,
        "3": RowProblem.TOO_MANY_COLUMNS.value,
        "7": RowProblem.NO_TEXT.value,
        "8": RowProblem.NO_TEXT.value,
        "10": RowProblem.TOO_FEW_COLUMNS.value,
    }
    assert rows[2]["x"] == "many,cells"
    assert (rows[3]["text"], rows[3]["x"]) == ('"never closed', "b")
    assert rows[5]["text"] == '"odd" quotes'
    for row in rows:
        assert (row["prediction"] == "") == bool(row["error"])
    assert (report.rows, report.errors) == (10, 5)
    assert report.by_reason == {
        RowProblem.NO_TEXT.value: 2,
        RowProblem.TOO_FEW_COLUMNS.value: 2,
        RowProblem.TOO_MANY_COLUMNS.value: 1,
    }


def test_a_stray_quote_does_not_swallow_the_rest(score: Score) -> None:
    lines = [f"{number},row {number}" for number in range(5_000)]
    lines[10] = '10,"row 10'
    report, output = score("in.csv", "id,text\n" + "\n".join(lines) + "\n")
    rows = table(output)
    assert [row["id"] for row in rows] == [str(number) for number in range(5_000)]
    assert rows[10]["text"] == '"row 10'
    assert (report.rows, report.errors) == (5_000, 0)


def test_a_record_without_end_is_given_up(score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opinionlens.tabular.delimited_records.MAX_RECORD_CHARS", 100)
    report, output = score("in.csv", 'id,text\n1,"open\n' + "2 fine\n" * 50 + '3,"closed, at last"\n')
    assert (report.rows, report.errors) == (52, 50)
    assert table(output)[-1]["text"] == "closed, at last"


FORMULAS = 'text,n,=h\n"=HYPERLINK(""http://x"")",-5,@a\n+fine,+1.5,ok\n'


def test_texts_that_could_be_formulas_stay_as_they_are(score: Score) -> None:
    report, output = score("in.csv", FORMULAS)
    assert [(row["text"], row["n"], row["=h"]) for row in table(output)] == [
        ('=HYPERLINK("http://x")', "-5", "@a"),
        ("+fine", "+1.5", "ok"),
    ]
    assert report.notes == ()


def test_formulas_are_neutralised_where_asked_and_numbers_are_not(score: Score) -> None:
    report, output = score("in.csv", FORMULAS, spreadsheet_safe=True)
    assert report.notes == (
        "4 cells were changed for spreadsheets: an apostrophe stands where a formula could begin.",
    )
    with output.open(encoding="utf-8", newline="") as stream:
        header, first, second = csv.reader(stream)
    assert header[:3] == ["text", "n", "'=h"]
    assert first[:3] == ['\'=HYPERLINK("http://x")', "-5", "'@a"]
    assert second[:3] == ["'+fine", "+1.5", "ok"]


def test_the_classifier_sees_the_text_as_it_was(score: Score, classifier: Any) -> None:
    _, output = score("in.csv", "text\n=1+1\n")
    assert table(output)[0]["prediction"] == classifier.predict("=1+1").label.value


@pytest.mark.parametrize(
    ("content", "expected", "noted"),
    [
        ("text,k\ncafé 😀,1\n".encode(), "café 😀", False),
        (b"\xef\xbb\xbf" + "text,k\ncafé,1\n".encode(), "café", False),
        ("text,k\ncafé,1\n".encode("cp1252"), "café", True),
        ("text,k\n“café” €5,1\n".encode("cp1252"), "“café” €5", True),
        ("text,k\ncafé,1\n".encode("utf-16"), "café", False),
        (b"text,k\nbyte \x81,1\n", "byte \x81", True),
    ],
    ids=["utf-8", "mark", "cp1252", "quotes", "utf-16", "undefined"],
)
def test_encodings(score: Score, content: bytes, expected: str, noted: bool) -> None:
    report, output = score("in.csv", content)
    assert [row["text"] for row in table(output)] == [expected]
    assert report.errors == 0
    assert any("Windows-1252" in note for note in report.notes) is noted


def test_a_byte_order_mark_comes_out_again(score: Score) -> None:
    _, marked = score("a.csv", b"\xef\xbb\xbftext\nfine\n")
    _, plain = score("b.csv", b"text\nfine\n")
    assert marked.read_bytes().startswith(b"\xef\xbb\xbftext,")
    assert plain.read_bytes().startswith(b"text,")


def test_mixed_line_ends_nulls_and_huge_cells(score: Score) -> None:
    huge = "word " * 100_000
    report, output = score("in.csv", f'text,k\r\na\x00b,1\rold mac,2\n"{huge}",3\r\n')
    assert [row["text"] for row in table(output)] == ["a\x00b", "old mac", huge]
    assert (report.rows, report.errors) == (3, 0)


def test_the_limit_of_the_csv_module_is_put_back(score: Score) -> None:
    before = csv.field_size_limit()
    score("in.csv", "text\nfine\n")
    with pytest.raises(TableInvalid):
        score("bad.csv", "a,b\n1,2\n")
    assert csv.field_size_limit() == before


def test_a_column_of_an_added_name_is_renamed_and_kept(score: Score) -> None:
    content = "prediction,text,input_prediction,error\nold,fine,older,e\n"
    report, output = score("in.csv", content)
    (row,) = table(output)
    assert row["input_input_prediction"] == "old"
    assert row["input_prediction"] == "older"
    assert row["input_error"] == "e"
    assert row["prediction"] in ("NEGATIVE", "NEUTRAL", "POSITIVE")
    assert row["error"] == ""
    assert "`prediction` → `input_input_prediction`, `error` → `input_error`" in report.notes[0]


def test_an_output_can_be_scored_again(score: Score) -> None:
    _, first = score("in.csv", "text\nfine\n\n=2\n")
    report, second = score("again.csv", first.read_bytes())
    rows = table(second)
    assert [row["text"] for row in rows] == ["fine", "=2"]
    assert rows[0]["input_prediction"] == rows[0]["prediction"]
    assert report.errors == 0


def test_even_a_text_column_of_an_added_name_works(score: Score) -> None:
    report, output = score("in.csv", "id,error\n1,my complaint\n", text_column="error")
    assert table(output)[0]["input_error"] == "my complaint"
    assert report.errors == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("review,stars\ngood,5\n", "no column `text` in the header; there are: `review`, `stars`"),
        ("review;stars\ngood;5\n", "there are: `review`, `stars`"),
        ("", "there are: none"),
        ("\n\n", "there are: none"),
        ("text,text\na,b\n", "`text` 2 times"),
        (b"PK\x03\x04\x00\x00\xff\xfe binary", "is a zip archive"),
        ("TEXT\na\n", "`TEXT`"),
    ],
)
def test_a_missing_column_is_named_with_those_there_are(score: Score, content: str, message: str) -> None:
    with pytest.raises(TableInvalid, match=message):
        score("in.csv", content)


def test_a_header_alone_gives_a_header_alone(score: Score) -> None:
    report, output = score("in.csv", "id,text")
    assert report.rows == 0
    assert output.read_text().splitlines() == [",".join(["id", "text", *ADDED])]


cells = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=12)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(cells, cells, cells), max_size=8), end=st.sampled_from(("\n", "\r\n")))
def test_every_well_formed_file_comes_out_cell_by_cell(
    score: Score, rows: list[tuple[str, str, str]], end: str
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "text", "b"), *rows])
    report, output = score("in.csv", stream.getvalue())
    found = [(row["a"], row["text"], row["b"]) for row in table(output)]
    assert found == rows
    assert report.errors == sum(is_blank(text) for _, text, _ in rows)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(('"', ",", "\n", "\r", "a", " ", "\x00", "é", "=")), max_size=60).map("".join)
)
def test_no_damage_raises_and_what_comes_out_is_well_formed(score: Score, damage: str) -> None:
    report, output = score("in.csv", "id,text\n1,start\n" + damage)
    rows = table(output)
    assert len(rows) == report.rows >= 1
    assert rows[0]["text"].startswith("start")
    assert all(len(row) == 2 + len(ADDED) and None not in row.values() for row in rows)
    assert sum(bool(row["error"]) for row in rows) == report.errors
