"""The names of the columns before anything else is read."""

import gzip

import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.column_names import column_names


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"text,label\n1,2\n", ("text", "label")),
        ("a.csv", b"\xef\xbb\xbf text ;label;a,b\n", ("text", "label", "a,b")),
        ("a.tsv", b"text\tlabel\n", ("text", "label")),
        ("a.csv.gz", gzip.compress(b"text|label\n", mtime=0), ("text", "label")),
        ("a.jsonl", b'{"b": 1, "a": 2}\nnot json\n{"c": 3, "a": 4}\n', ("b", "a", "c")),
        ("a.json", b'[{"x": [1]}, {"y": null}]', ("x", "y")),
        ("a.csv", b"", ()),
    ],
)
def test_names_in_their_order(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert column_names(tmp_path / name) == expected


def test_of_parquet(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": ["a"], "label": [1]}), tmp_path / "a.parquet")
    assert column_names(tmp_path / "a.parquet") == ("text", "label")
    (tmp_path / "b.parquet").write_bytes(b"no")
    with pytest.raises(TableInvalid, match="cannot be read"):
        column_names(tmp_path / "b.parquet")
