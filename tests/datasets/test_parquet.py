import polars as pl
import pytest

from opinionlens.base.errors import DatasetMalformed
from opinionlens.datasets.card import Columns
from opinionlens.datasets.parquet import read_parquet

COLUMNS = Columns(text="body", label="stars", group="who")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.parquet"
    frame = pl.DataFrame({"stars": [1, 5], "x": [0, 0], "body": ["a", None], "who": ["me", "you"]})
    frame.write_parquet(path)
    return path


def test_columns_are_taken_as_text(file):
    assert read_parquet(file, COLUMNS).frame.rows() == [
        ("a", "1", "me", None, None),
        (None, "5", "you", None, None),
    ]


def test_a_missing_column_is_refused_with_those_there_are(file):
    with pytest.raises(DatasetMalformed, match="no column `text`; its columns: stars, x, body, who"):
        read_parquet(file, Columns(text="text", label="stars"))


@pytest.mark.parametrize("kept", [0, 3, 10, 100, -1])
def test_a_file_cut_in_the_middle_is_refused(file, kept):
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(DatasetMalformed, match="cannot be read as Parquet"):
        read_parquet(file, COLUMNS)


def test_bytes_overwritten_inside_are_refused(tmp_path):
    path = tmp_path / "file.parquet"
    pl.DataFrame({"body": [f"text {n}" for n in range(5000)], "stars": [1] * 5000}).write_parquet(path)
    data = bytearray(path.read_bytes())
    data[40:400] = b"\xff" * 360
    path.write_bytes(data)
    with pytest.raises(DatasetMalformed, match="cannot be read as Parquet"):
        read_parquet(path, Columns(text="body", label="stars"))


def test_lists_are_no_texts(tmp_path):
    path = tmp_path / "file.parquet"
    pl.DataFrame({"body": [["a"]], "stars": [{"b": 1}]}).write_parquet(path)
    with pytest.raises(DatasetMalformed):
        read_parquet(path, Columns(text="body", label="stars"))
