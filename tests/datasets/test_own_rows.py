"""Labelled rows of one's own: found columns, counted rows, a fair sample."""

import gzip
import json
from collections import Counter

import pytest

from opinionlens.base.errors import DatasetMalformed, TableInvalid
from opinionlens.datasets.own_rows import Wanted, quotas_of, read_own_rows
from opinionlens.text.labels import Label

NEGATIVE, NEUTRAL, POSITIVE = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE


@pytest.fixture
def read(tmp_path):
    """Read a file of this name and content."""

    def run(name, content, **wanted):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_own_rows(path, Wanted(**wanted))

    return run


def test_columns_labels_and_odd_rows(read):
    own = read("in.csv", "Stars;id;Review\n5;1;great\n1;2;awful\n;3;no label\n3.0;4;\n4;5;what\n3;6;fair\n")
    assert own.columns == ("Review", "Stars")
    assert (list(own.texts), list(own.labels)) == (
        ["great", "awful", "what", "fair"],
        [POSITIVE, NEGATIVE, POSITIVE, NEUTRAL],
    )
    assert list(own.numbers) == [1, 2, 5, 6]
    assert (own.rows_in, own.usable) == (6, 4)
    assert own.left_out == {"the text is missing or empty": 1, "the label is missing": 1}
    assert own.meanings == {"5": POSITIVE, "1": NEGATIVE, "4": POSITIVE, "3": NEUTRAL}


def test_the_same_rows_from_json_and_packed(read):
    rows = [
        {"body": "great", "sentiment": 1},
        {"body": "awful", "sentiment": -1},
        {"body": "so", "sentiment": 0},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    for name, content in (
        ("in.jsonl", lines),
        ("in.json", json.dumps(rows)),
        ("in.jsonl.gz", gzip.compress(lines.encode())),
    ):
        own = read(name, content)
        assert (list(own.texts), list(own.labels)) == (
            ["great", "awful", "so"],
            [POSITIVE, NEGATIVE, NEUTRAL],
        ), name


def test_parquet(read, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": ["great", "awful"], "label": [2, 0]}), tmp_path / "out.parquet")
    own = read_own_rows(tmp_path / "out.parquet", Wanted())
    assert list(own.labels) == [POSITIVE, NEGATIVE]


def test_columns_and_meanings_of_ones_own(read):
    content = "text,label,mine,mood\na,x,great,happy\nb,y,awful,sad\nc,z,both,mixed\n"
    told = {"happy": POSITIVE, "sad": NEGATIVE, "mixed": None}
    own = read("in.csv", content, text_column="mine", label_column="mood", told=told)
    assert list(own.texts) == ["great", "awful"]
    assert own.left_out == {"left out as you said": 1}
    assert own.meanings == told


def test_quotas_are_in_proportion_and_none_is_zero():
    assert quotas_of({NEGATIVE: 1000, NEUTRAL: 100, POSITIVE: 900}, 200) == {
        NEGATIVE: 100,
        NEUTRAL: 10,
        POSITIVE: 90,
    }
    assert quotas_of({NEGATIVE: 998, NEUTRAL: 1, POSITIVE: 1}, 10) == {NEGATIVE: 8, NEUTRAL: 1, POSITIVE: 1}
    assert quotas_of({NEGATIVE: 5, NEUTRAL: 0, POSITIVE: 3}, 8) == {NEGATIVE: 5, NEUTRAL: 0, POSITIVE: 3}
    assert sum(quotas_of({NEGATIVE: 100, NEUTRAL: 100, POSITIVE: 100}, 100).values()) == 100


def test_a_sample_is_stratified_seeded_and_spread_over_the_file(read):
    rows = [f"text {number},{'neg' if number % 4 else 'pos'}" for number in range(4_000)]
    content = "text,label\n" + "\n".join(rows) + "\n"
    own = read("in.csv", content, max_rows=400, seed=5)
    assert Counter(own.labels) == {NEGATIVE: 300, POSITIVE: 100}
    assert (own.usable, own.rows_in) == (4_000, 4_000)
    assert list(own.texts) == [f"text {number - 1}" for number in own.numbers]
    # Each half has 200 expected rows; 8 standard deviations (10 rows each, at most) are allowed.
    assert 120 < sum(number <= 2_000 for number in own.numbers) < 280
    assert read("in.csv", content, max_rows=400, seed=5).numbers == own.numbers
    assert read("in.csv", content, max_rows=400, seed=6).numbers != own.numbers


def test_long_texts_are_cut_and_that_is_said(read):
    own = read("in.csv", f"text,label\n{'a' * 20_001},pos\n{'b' * 20_000},neg\n")
    assert [len(text) for text in own.texts] == [20_000, 20_000]
    assert own.notes == ("1 text was cut to 20,000 characters.",)


def test_progress_is_told(tmp_path):
    (tmp_path / "in.csv").write_text("text,label\na,pos\nb,neg\n")
    told = []
    read_own_rows(tmp_path / "in.csv", Wanted(), on_rows=told.append)
    assert told == [2, 2]  # it is read twice


@pytest.mark.parametrize(
    ("content", "wanted", "words", "remedy"),
    [
        (
            "a,b\nx,pos\n",
            {},
            "no column whose name says that it holds texts; there are: `a`, `b`",
            "with the texts",
        ),
        ("text,b\nx,pos\n", {}, "no column whose name says that it holds labels", "with the labels"),
        (
            "text,label\nx,pos\n",
            {"label_column": "mood"},
            "no column `mood`; there are: `text`, `label`",
            "labels",
        ),
        ("text,label,label\nx,pos,neg\n", {}, "several columns `label`", "labels"),
        ("text,label\nx,pos\n", {"label_column": "text"}, "cannot be the same column", None),
    ],
)
def test_missing_columns_are_named(read, content, wanted, words, remedy):
    with pytest.raises(TableInvalid) as caught:
        read("in.csv", content, **wanted)
    assert words in caught.value.what
    assert remedy is None or remedy in caught.value.remedy
    assert caught.value.where.endswith("in.csv")


def test_labels_that_are_not_understood_are_shown(read):
    with pytest.raises(DatasetMalformed) as caught:
        read("in.csv", "text,label\na,joy\nb,joy\nc,anger\nd,pos\n")
    assert (
        "Most labels are not understood: the column `label` has `joy` (2), `anger` (1)" in caught.value.what
    )
    assert "bad=NEGATIVE" in caught.value.remedy


def test_a_few_labels_that_are_not_understood_are_counted(read):
    own = read("in.csv", "text,label\na,neg\nb,pos\nc,irrelevant\n")
    assert own.left_out == {"the label is not understood": 1}
    assert own.usable == 2


def test_a_column_of_ids_holds_no_labels(read):
    rows = "".join(f"text,{number}\n" for number in range(200))
    with pytest.raises(DatasetMalformed, match="more than 100 different values"):
        read("in.csv", f"text,label\n{rows}")


def test_no_rows_and_no_file(read, tmp_path):
    with pytest.raises(DatasetMalformed, match="No row can be used: there are no texts"):
        read("in.csv", "text,label\n")
    with pytest.raises(TableInvalid, match="no such file"):
        read_own_rows(tmp_path / "away.csv", Wanted())
