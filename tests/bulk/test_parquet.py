from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.bulk import BatchReport
from opinionlens.bulk.result_columns import ADDED
from opinionlens.tabular.row_problems import RowProblem

Score = Callable[..., tuple[BatchReport, Path]]


def content(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def test_columns_keep_their_types_and_values(score: Score, classifier: Any) -> None:
    table = pa.table(
        {
            "id": pa.array([1, None, 3], pa.int16()),
            "text": ["good", "bad", "so, so"],
            "when": pa.array([datetime(2026, 1, 2, tzinfo=UTC)] * 3, pa.timestamp("us", tz="UTC")),
            "tags": [["a"], [], None],
            "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        }
    )
    report, output = score("in.parquet", content(table))
    found = pq.read_table(output)
    assert found.column_names == [*table.column_names, *ADDED]
    assert found.select(table.column_names).to_pylist() == table.to_pylist()
    assert found.schema.field("id").type == pa.int16()
    assert found.schema.field("when").type == table.schema.field("when").type
    assert found.schema.field("uncertain").type == pa.bool_()
    assert found.column("prediction").to_pylist() == [
        classifier.predict(text).label.value for text in table.column("text").to_pylist()
    ]
    assert report == BatchReport(rows=3, errors=0, by_reason={}, notes=())


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_any_type_of_text_is_text(score: Score, kind: pa.DataType) -> None:
    table = pa.table({"text": pa.array(["a", None, " \u2060", "b"]).cast(kind)})
    report, output = score("in.parquet", content(table))
    assert pq.read_table(output).column("error").to_pylist() == [
        None,
        RowProblem.NO_TEXT.value,
        RowProblem.NO_TEXT.value,
        None,
    ]
    assert (report.rows, report.errors) == (4, 2)


def test_many_rows_come_in_few_row_groups(score: Score, classifier: Any) -> None:
    texts = [f"row {number}" for number in range(12_345)]
    report, output = score("in.parquet", content(pa.table({"text": texts}), row_group_size=5_000))
    assert pq.read_table(output).column("text").to_pylist() == texts
    assert pq.ParquetFile(output).num_row_groups == 1
    assert max(classifier.seen) <= 1_000
    assert report.rows == 12_345


def test_what_pandas_wrote_pandas_reads_again(score: Score, tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "n": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    frame.to_parquet(tmp_path / "pandas.parquet")
    _, output = score("in.parquet", (tmp_path / "pandas.parquet").read_bytes())
    again = pd.read_parquet(output)
    assert list(again.index) == ["x", "y"]
    assert list(again["n"]) == [1, 2]
    assert list(again.columns) == ["text", "n", *ADDED]


def test_a_column_of_an_added_name_is_renamed_and_kept(score: Score) -> None:
    report, output = score("in.parquet", content(pa.table({"text": ["a"], "error": [7]})))
    found = pq.read_table(output)
    assert found.column("input_error").to_pylist() == [7]
    assert found.column("error").to_pylist() == [None]
    assert "`error` → `input_error`" in report.notes[0]


def test_texts_that_are_not_utf8_are_repaired_and_noted(score: Score) -> None:
    odd = pa.StringArray.from_buffers(
        2, pa.py_buffer(b"\x00\0\0\0\x03\0\0\0\x04\0\0\0"), pa.py_buffer(b"a\xffbc")
    )
    report, output = score("in.parquet", content(pa.table({"text": odd})))
    assert (report.rows, report.errors) == (2, 0)
    assert "1 text is not UTF-8" in report.notes[0]
    assert pq.read_table(output).column("text").cast(pa.binary()).to_pylist() == [b"a\xffb", b"c"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"review": ["a"], "n": [1]}), "no column `text`; there are: `review`, `n`"),
        (pa.table({"text": [1]}), "holds int64, not text"),
        (pa.table({"text": pa.array([b"a"])}), "holds binary, not text"),
        (pa.table([["a"], ["b"]], names=["text", "text"]), "2 times"),
    ],
)
def test_a_column_that_cannot_be_is_named(score: Score, table: pa.Table, message: str) -> None:
    with pytest.raises(TableInvalid, match=message):
        score("in.parquet", content(table))


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: b"text\n", lambda data: data[:-20], lambda data: data[8:]]
)
def test_a_damaged_file_is_refused(score: Score, damage: Callable[[bytes], bytes]) -> None:
    whole = content(pa.table({"text": ["some text to fill the file"] * 100}))
    with pytest.raises(TableInvalid, match="cannot be read"):
        score("in.parquet", damage(whole))


def test_damage_behind_the_beginning_leaves_no_output(score: Score, tmp_path: Path) -> None:
    texts = [f"text number {number}" for number in range(20_000)]
    whole = bytearray(content(pa.table({"text": texts}), row_group_size=5_000, compression="zstd"))
    middle = len(whole) // 2
    whole[middle : middle + 2_000] = b"\xff" * 2_000
    with pytest.raises(TableInvalid, match="cannot be read"):
        score("in.parquet", bytes(whole))
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_no_rows_give_no_rows(score: Score) -> None:
    report, output = score("in.parquet", content(pa.table({"text": pa.array([], pa.string())})))
    assert report.rows == 0
    assert pq.read_table(output).column_names == ["text", *ADDED]


def test_without_pyarrow_the_message_says_what_to_do(score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TableInvalid, match="pyarrow"):
        score("in.parquet", b"")


@pytest.mark.parametrize("out", ["out.csv", "out.jsonl"])
def test_dates_that_only_arrow_knows_come_out_as_numbers(score: Score, out: str) -> None:
    """Other programs write such years where a number has overflowed."""
    far = 2**62
    table = pa.table(
        {
            "text": ["good", "bad"],
            "when": pa.array([far, 0], pa.timestamp("us")),
            "day": pa.array([2**31 - 1, None], pa.date32()),
            "zone": pa.array([5, None], pa.timestamp("us", tz="Nowhere/Else")),
            "inside": pa.array([{"at": far}, {"at": 0}], pa.struct([("at", pa.timestamp("us"))])),
        }
    )
    report, output = score("in.parquet", content(table), out=out)
    read = pd.read_csv if out.endswith(".csv") else lambda path: pd.read_json(path, lines=True, dtype=False)
    found = read(output).astype(str)
    assert (report.rows, report.errors) == (2, 0)
    assert list(found["when"]) == [str(far), "1970-01-01T00:00:00"]
    assert found["day"][0].removesuffix(".0") == str(2**31 - 1)
    assert found["zone"][0].removesuffix(".0") == "5"
    assert found["inside"][0] == "no struct<at: timestamp[us]> that Python has"
