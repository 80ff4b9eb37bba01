from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.bulk import BatchReport
from opinionlens.bulk.result_columns import ADDED
from opinionlens.tabular.row_problems import RowProblem

Score = Callable[..., tuple[BatchReport, Path]]


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_objects_keep_what_they_hold(score: Score, classifier: Any) -> None:
    report, output = score(
        "in.jsonl", '{"id": 1, "text": "good", "deep": {"a": [1, null]}}\n{"text": "bad", "n": 2}'
    )
    first, second = objects(output)
    assert list(first) == ["id", "text", "deep", *ADDED]
    assert first["deep"] == {"a": [1, None]}
    assert first["prediction"] == classifier.predict("good").label.value
    assert first["confidence"] == round(classifier.predict("good").confidence, 6)
    assert (first["uncertain"], first["error"]) == (False, None)
    assert second["n"] == 2
    assert report == BatchReport(rows=2, errors=0, by_reason={}, notes=())


def test_numbers_come_out_digit_by_digit(score: Score) -> None:
    line = '{"text": "a", "x": 1.10, "y": 123456789012345678901234567890, "z": 1E400, "e": "\\u00e9\\ud800"}'
    _, output = score("in.ndjson", line + "\n")
    assert output.read_text().startswith(line[:-1] + ', "prediction": ')


def test_bad_lines_stay_in_place_with_their_reasons(score: Score) -> None:
    lines = [
        '{"text": "fine"}',
        '{"text": ""}',
        '{"text": null}',
        '{"other": 1}',
        "{}",
        '{"text": 5}',
        '{"text": ["a"]}',
        "",
        "[1, 2]",
        '"just a string"',
        "{broken",
        "[" * 100_000,
        '{"text": "also fine"}',
        '{"text": "cut o',
    ]
    report, output = score("in.jsonl", "\n".join(lines))
    rows = objects(output)
    assert len(rows) == report.rows == 13
    assert [row["error"] for row in rows] == [
        None,
        *[RowProblem.NO_TEXT.value] * 4,
        *[RowProblem.NOT_TEXT.value] * 2,
        *[RowProblem.NOT_AN_OBJECT.value] * 2,
        *[RowProblem.NOT_JSON.value] * 2,
        None,
        RowProblem.CUT_OFF.value,
    ]
    assert [row["prediction"] is None for row in rows] == [row["error"] is not None for row in rows]
    assert rows[7]["input_line"] == "[1, 2]"
    assert rows[12]["input_line"] == '{"text": "cut o'
    assert report.errors == 11


def test_a_field_of_an_added_name_is_renamed_and_kept(score: Score) -> None:
    report, output = score("in.jsonl", '{"text": "a"}\n{"prediction": "old", "text": "b", "x": 1.5}\n')
    _, row = objects(output)
    assert row["input_prediction"] == "old"
    assert row["prediction"] in ("NEGATIVE", "NEUTRAL", "POSITIVE")
    assert row["x"] == 1.5
    assert report.notes == (
        "Input columns renamed, because the predictions add theirs: `prediction` → `input_prediction`.",
    )


def test_encodings_are_repaired_and_noted(score: Score) -> None:
    content = b"\xef\xbb\xbf" + '{"text": "café"}\n'.encode() + '{"text": "café"}\n'.encode("cp1252")
    report, output = score("in.jsonl", content)
    assert [row["text"] for row in objects(output)] == ["café", "café"]
    assert any("1 line is not UTF-8" in note for note in report.notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"review": "a"}\n{"stars": 1}\n', "no `text`; known there: `review`, `stars`"),
        ('[\n{"text": "a"},\n]\n', "a JSON array, but is not valid at line 3: Expecting value\\."),
        ("[" * 100_000, "a JSON array, but is not valid: the brackets are nested too deep"),
        ("text\ngood\n", "known there: none"),
    ],
)
def test_a_missing_field_is_named_with_those_there_are(score: Score, content: str, message: str) -> None:
    with pytest.raises(TableInvalid, match=message):
        score("in.json", content)


def test_an_empty_file_gives_an_empty_file(score: Score) -> None:
    report, output = score("in.jsonl", "\n \n")
    assert report.rows == 0
    assert output.read_bytes() == b""


def test_a_byte_order_mark_before_any_line_is_left_out(score: Score) -> None:
    """As in files that were put one behind the other."""
    report, output = score("in.jsonl", '\ufeff{"text": "good"}\n\ufeff{"text": "bad"}\n')
    assert [row["text"] for row in objects(output)] == ["good", "bad"]
    assert report.errors == 0
