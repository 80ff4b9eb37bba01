"""Every format in and out, packed or not, and the cases that lost something."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.bulk import BatchReport
from opinionlens.bulk.result_columns import ADDED
from opinionlens.tabular.formats import ENDINGS, KNOWN_ENDINGS
from opinionlens.tabular.row_problems import RowProblem

Score = Callable[..., tuple[BatchReport, Path]]
ROWS = [("1", "good, really"), ("2", 'said "no"'), ("3", "two\nlines"), ("4", "=sum"), ("5", "café 😀")]


def written(ending: str) -> bytes:
    """The rows as a file of that ending."""
    if ending in (".csv", ".tsv", ".txt"):
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter="\t" if ending == ".tsv" else ",").writerows([("id", "text"), *ROWS])
        return stream.getvalue().encode()
    if ending in (".parquet", ".pq"):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        sink = io.BytesIO()
        pq.write_table(
            pa.table(dict(zip(("id", "text"), map(list, zip(*ROWS, strict=True)), strict=True))), sink
        )
        return sink.getvalue()
    objects = [json.dumps({"id": number, "text": text}) for number, text in ROWS]
    return (f"[{', '.join(objects)}]" if ending == ".json" else "\n".join(objects)).encode()


def packed(content: bytes, packing: str, name: str) -> bytes:
    if packing == ".gz":
        return gzip.compress(content)
    if packing == ".zip":
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            archive.writestr(name, content)
        return sink.getvalue()
    return content


def read_back(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (name,) = archive.namelist()
            data = archive.read(name)
    ending = next(each for each in path.suffixes if each in ENDINGS)
    if ending in (".parquet", ".pq"):
        pq = pytest.importorskip("pyarrow.parquet")
        return list(pq.read_table(io.BytesIO(data)).to_pylist())
    text = data.decode()
    if ending in (".csv", ".tsv", ".txt"):
        delimiter = "\t" if ending == ".tsv" else ","
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    if text.startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("target", [".csv", ".tsv", ".jsonl", ".json", ".parquet", ".csv.gz", ".pq.zip"])
@pytest.mark.parametrize("source", [".csv", ".tsv", ".jsonl", ".json", ".parquet", ".jsonl.gz", ".csv.zip"])
def test_every_format_comes_out_as_every_other(score: Score, source: str, target: str) -> None:
    ending = source.removesuffix(".gz").removesuffix(".zip")
    content = packed(written(ending), source.removeprefix(ending), f"inside{ending}")
    report, output = score(f"in{source}", content, out=f"out{target}")
    rows = read_back(output)
    assert [(row["id"], row["text"]) for row in rows] == ROWS
    assert list(rows[0]) == ["id", "text", *ADDED]
    assert {row["prediction"] for row in rows} <= {"NEGATIVE", "NEUTRAL", "POSITIVE"}
    assert (report.rows, report.errors) == (5, 0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_format_stays_where_nothing_is_asked(score: Score, ending: str) -> None:
    for packing in ("", ".gz", ".zip"):
        _, output = score(f"in{ending}{packing}", packed(written(ending), packing, f"x{ending}"))
        assert [row["text"] for row in read_back(output)] == [text for _, text in ROWS]


def test_a_bare_zip_takes_the_format_of_its_file(score: Score) -> None:
    report, _ = score("in.zip", packed(written(".jsonl"), ".zip", "folder/x.jsonl"), out="out.csv")
    assert report.rows == 5


def test_what_macos_adds_to_a_zip_is_no_file(score: Score) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("reviews.csv", written(".csv"))
        archive.writestr("__MACOSX/._reviews.csv", b"x")
        archive.writestr("folder/", b"")
    assert score("in.csv.zip", sink.getvalue())[0].rows == 5


def test_a_zip_with_several_files_is_refused_with_their_names(score: Score) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.csv", b"text\nx\n")
        archive.writestr("b.csv", b"text\nx\n")
    with pytest.raises(TableInvalid, match=r"one file, not 2: a\.csv, b\.csv"):
        score("in.zip", sink.getvalue())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv.gz", b"text\nx\n", "not packed as `.gz` says"),
        ("in.csv", gzip.compress(b"text\nx\n"), "is a gzip archive"),
        (
            "in.csv.gz",
            gzip.compress(b"text\n" + random.Random(1).randbytes(9999))[:-4000],
            "cannot be unpacked",
        ),
        ("in.csv.zip", packed(b"text\nx\n" * 999, ".zip", "a.csv")[:-30], "cannot be unpacked"),
        ("in.zip", packed(b"x", ".zip", "a.docx"), "a.docx in the archive is not known"),
    ],
    ids=["no gzip", "gzip without its ending", "half a gzip", "half a zip", "unknown file in a zip"],
)
def test_an_archive_that_is_none_is_said(score: Score, name: str, content: bytes, message: str) -> None:
    with pytest.raises(TableInvalid, match=message):
        score(name, content, out="out.csv")


def test_the_words_of_the_unpacker_are_passed_on(score: Score) -> None:
    content = packed(b"text\nx\n" * 999, ".zip", "a.csv")[:-30]
    with pytest.raises(zipfile.BadZipFile) as known:
        zipfile.ZipFile(io.BytesIO(content))
    with pytest.raises(TableInvalid, match=f"cannot be unpacked: {known.value}"):
        score("in.csv.zip", content)


def test_a_bomb_is_refused_before_it_goes_off(score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opinionlens.tabular.packing.FREE_BYTES", 100_000)
    bomb = b"text\n" + b"\n" * 5_000_000
    for name, content in (("in.csv.gz", gzip.compress(bomb)), ("in.csv.zip", _deflated(bomb))):
        with pytest.raises(TableInvalid, match="unpacks to more than"):
            score(name, content)


def _deflated(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in.csv", content)
    return sink.getvalue()


NUMBERS = (
    '"v": 1e400, "w":0.1000000000000000055511151231257827,"amount": 1.10, '
    '"n": -0, "long": 123456789012345678901234567890'
)


@pytest.mark.parametrize(
    "collision", ["", '"prediction": "x", ', '"error": 1.50, "model_name": [1.0, 2e5], ']
)
def test_numbers_come_out_as_they_are_written_in_every_line(score: Score, collision: str) -> None:
    _, output = score("in.jsonl", f'{{"text": "Good", {collision}{NUMBERS}}}\n')
    line = output.read_text()
    for digits in (
        "1e400",
        "0.1000000000000000055511151231257827",
        "1.10",
        "-0",
        "123456789012345678901234567890",
    ):
        assert f": {digits}," in line.replace('"w":0', '"w": 0')
    if "error" in collision:
        assert '"input_error": 1.50, "input_model_name": [1.0, 2e5]' in line


def test_a_number_of_five_thousand_digits_is_no_fault(score: Score) -> None:
    report, output = score("in.jsonl", f'{{"text": "a", "n": {"7" * 5_000}, "prediction": 1}}\n')
    assert report.errors == 0
    assert "7" * 5_000 in output.read_text()


def test_keys_given_twice_are_passed_on(score: Score) -> None:
    _, output = score("in.jsonl", '{"a": 1.0, "a": 2.0, "text": "x", "error": 1, "error": 2}\n')
    assert output.read_text().startswith(
        '{"a": 1.0, "a": 2.0, "text": "x", "input_error": 1, "input_error": 2, "prediction": '
    )


@pytest.mark.parametrize(
    "content",
    [
        '[{"text": "Good", "v": 1.10}, {"text": "Bad"}]',
        '[\n{"text": "Good", "v": 1.10},\n{"text": "Bad"}\n]\n',
        '[\n  {\n    "text": "Good",\n    "v": 1.10\n  },\n  {\n    "text": "Bad"\n  }\n]\n',
        '\n\n [\r\n{"text":"Good","v":1.10}\r\n,{"text":"Bad"}]',
    ],
)
def test_an_array_is_read_and_written_as_one(score: Score, content: str) -> None:
    report, output = score("in.json", content)
    assert (report.rows, report.errors) == (2, 0)
    rows = json.loads(output.read_text())
    assert [row["text"] for row in rows] == ["Good", "Bad"]
    assert '"v":1.10' in output.read_text().replace(" ", "")
    _, lines = score("in.json", content, out="out.jsonl")
    assert [json.loads(line)["text"] for line in lines.read_text().splitlines()] == ["Good", "Bad"]


def test_objects_over_several_lines_are_read(score: Score) -> None:
    report, _ = score("in.jsonl", '{\n "text": "Good"\n}\n{\n "text": "Bad"\n}\n')
    assert (report.rows, report.errors) == (2, 0)


def test_items_of_an_array_that_are_no_objects_are_errors(score: Score) -> None:
    report, output = score("in.json", '[{"text": "Good"}, 5, ["x"], {"text": 7}]')
    assert report.by_reason == {RowProblem.NOT_AN_OBJECT.value: 2, RowProblem.NOT_TEXT.value: 1}
    assert json.loads(output.read_text())[1]["input_line"] == "5"


def test_an_array_too_long_to_be_read_says_how_to_convert_it(
    score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opinionlens.tabular.json_rows.MAX_ARRAY_CHARS", 100)
    with pytest.raises(TableInvalid, match=r"more than 100 characters.*jq -c '\.\[\]' in\.json > in\.jsonl"):
        score("in.json", '[{"text": "Good"},\n' + '{"text": "Bad"},\n' * 20 + '{"text": "x"}]')


def test_an_array_in_one_endless_line_says_how_to_convert_it(score: Score) -> None:
    with pytest.raises(TableInvalid, match=r"JSON array of more than 50,000,000 characters.*jq -c"):
        score("in.json", b'[{"text": "' + b"x" * 50_000_000 + b'"}]')


def test_objects_become_columns(score: Score) -> None:
    content = '{"text": "a", "n": 1.10}\n{"text": "b", "deep": {"x": [1]}}\n[1]\n{"text": "c", "n": null}\n'
    report, output = score("in.jsonl", content, out="out.csv")
    rows = read_back(output)
    assert [(row["text"], row["n"], row["deep"], row["input_line"]) for row in rows] == [
        ("a", "1.10", "", ""),
        ("b", "", '{"x": [1]}', ""),
        ("", "", "", "[1]"),
        ("c", "", "", ""),
    ]
    assert report.errors == 1


def test_types_of_parquet_become_text_and_json(score: Score) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    import datetime

    table = pa.table(
        {
            "text": ["a", "b"],
            "n": [1, None],
            "f": [1.5, float("nan")],
            "ok": [True, False],
            "day": [datetime.date(2026, 1, 2), None],
            "list": [[1, 2], []],
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    _, output = score("in.parquet", sink.getvalue(), out="out.csv")
    first, second = read_back(output)
    assert [first[name] for name in table.column_names] == ["a", "1", "1.5", "true", "2026-01-02", "[1, 2]"]
    assert [second[name] for name in table.column_names] == ["b", "", "NaN", "false", "", "[]"]
    _, output = score("in.parquet", sink.getvalue(), out="out.jsonl")
    first, second = read_back(output)
    assert [first[name] for name in table.column_names] == ["a", 1, 1.5, True, "2026-01-02", [1, 2]]
    assert second["f"] is None


@pytest.mark.parametrize("source", [".csv", ".jsonl", ".parquet"])
def test_only_what_came_as_an_array_is_written_as_one(score: Score, source: str) -> None:
    _, output = score(f"in{source}", written(source), out="out.json")
    lines = output.read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [number for number, _ in ROWS]


def test_a_tsv_has_tabs_whatever_came_in(score: Score) -> None:
    _, output = score("in.csv", '"id","text"\n"1","Good"\n', out="x.tsv")
    assert output.read_text().splitlines()[0] == "\t".join(["id", "text", *ADDED])
    _, output = score("in.csv", "id;text\n1;Good\n", out="y.csv")
    assert output.read_text().splitlines()[0] == ";".join(["id", "text", *ADDED])


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.bz2", "out.gz"])
def test_an_unknown_ending_of_the_output_is_refused_with_those_there_are(score: Score, name: str) -> None:
    with pytest.raises(TableInvalid, match=r"\.csv \.tsv \.txt .* followed by \.gz or \.zip"):
        score("in.csv", "text\na\n", out=name)


def test_one_list_of_formats_is_told_everywhere() -> None:
    from typer.testing import CliRunner

    from opinionlens.cli.main import app

    told = CliRunner().invoke(app, ["predict", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text().split())
    assert KNOWN_ENDINGS in " ".join(told.replace("│", " ").split())
    assert KNOWN_ENDINGS in readme
    assert all(ending in KNOWN_ENDINGS.replace(",", " ").split() for ending in ENDINGS)


def test_cells_are_escaped_for_spreadsheets_only_where_asked(score: Score) -> None:
    content = "id,text\n1,@airline thanks\n2,- never\n3,=great\n4,plain\n5,-5\n6,＝full\n"
    _, output = score("in.csv", content)
    assert [row["text"] for row in read_back(output)] == [
        "@airline thanks",
        "- never",
        "=great",
        "plain",
        "-5",
        "＝full",
    ]
    report, output = score("in.csv", content, out="safe.tsv", spreadsheet_safe=True)
    assert [row["text"] for row in read_back(output)] == [
        "'@airline thanks",
        "'- never",
        "'=great",
        "plain",
        "-5",
        "'＝full",
    ]
    assert report.notes == (
        "4 cells were changed for spreadsheets: an apostrophe stands where a formula could begin.",
    )


@pytest.mark.parametrize("target", [".jsonl", ".json", ".parquet"])
def test_columns_of_one_name_are_numbered_where_readers_keep_one(score: Score, target: str) -> None:
    report, output = score("in.csv", "a,a,text,a_2,a,error,error\n1,2,good,3,4,5,6\n", out=f"out{target}")
    (row,) = read_back(output)
    assert {name: value for name, value in row.items() if name not in ADDED} == {
        "a": "1",
        "a_3": "2",
        "text": "good",
        "a_2": "3",
        "a_4": "4",
        "input_error": "5",
        "error_2": "6",
    }
    assert report.notes[-1] == "Several columns are called `a`, `error`; those behind the first got numbers."


def test_a_csv_file_keeps_columns_of_one_name(score: Score) -> None:
    report, output = score("in.csv", "a,a,text\n1,2,good\n")
    assert output.read_text().startswith("a,a,text,prediction,")
    assert report.notes == ()


def test_a_name_that_utf8_cannot_hold_is_replaced(score: Score) -> None:
    _, output = score("in.jsonl", '{"text": "good", "\\ud800": 1}\n', out="out.parquet")
    assert read_back(output)[0]["\ufffd"] == "1"
