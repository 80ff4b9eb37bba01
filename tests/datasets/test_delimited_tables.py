"""Damaged CSV: what can be read is read, and every record that cannot is counted."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.base.errors import TableInvalid
from opinionlens.datasets import delimited_tables as delimited
from opinionlens.datasets.card import Columns
from opinionlens.datasets.table import Rejection
from opinionlens.tabular.delimited import open_delimited
from opinionlens.tabular.encoding import BadBytes

COLUMNS = Columns(text="text", label="label")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("csv") / "file.csv"


@pytest.fixture(scope="module")
def read(path):
    def read_bytes(data: bytes | str, columns=COLUMNS, bad_bytes=BadBytes.CP1252):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return delimited.read_delimited(path, columns, bad_bytes)

    return read_bytes


def cells(table):
    return table.frame.select("text", "label").rows()


def test_columns_are_found_by_name_in_any_order(read):
    table = read(
        "when,label,x,text,who,sure\n1,pos,,hello,me,0.5\n2,neg,,bye,you,\n",
        Columns(text="text", label="label", group="who", time="when", confidence="sure"),
    )
    assert table.frame.rows() == [("hello", "pos", "me", "1", "0.5"), ("bye", "neg", "you", "2", None)]
    assert table.rows_in == 2


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_spreadsheets_of_other_countries(read, separator):
    assert cells(read(f"text{separator}label\nhello{separator}pos\n")) == [("hello", "pos")]


def test_blank_lines_are_no_records(read):
    table = read("\n\ntext,label\n\nhello,pos\n\n")
    assert cells(table) == [("hello", "pos")]
    assert not table.rejected


def test_numbers_stay_as_written(read):
    assert cells(read("text,label\n007,4.0\n")) == [("007", "4.0")]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_not_part_of_the_first_name(read, mark):
    assert cells(read(mark + b'"text",label\nhello,pos\n')) == [("hello", "pos")]


def test_utf16(read):
    assert cells(read("text,label\nañb,pos\n".encode("utf-16"))) == [("añb", "pos")]


def test_a_missing_column_is_refused_with_the_header(read):
    with pytest.raises(
        TableInvalid, match=r"no column `label` in the header; there are: `text`, `sentiment`"
    ):
        read("text,sentiment\nhello,pos\n")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x00\x01\xff" * 100, b'"' * 7])
def test_what_is_no_table_is_refused(read, data):
    with pytest.raises(TableInvalid, match="no column"):
        read(data)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("a", Rejection.MISSING_COLUMN),
        ("a,b,c", Rejection.EXTRA_COLUMN),
        ('"a, b, neg', Rejection.EXTRA_COLUMN),
    ],
)
def test_a_damaged_record_is_counted_and_its_neighbours_are_kept(read, damage, reason):
    table = read(f"text,label\nfirst,pos\n{damage}\nlast,neg\n")
    assert cells(table) == [("first", "pos"), ("last", "neg")]
    assert table.rejected == {reason: 1}
    assert table.rows_in == 3


def test_a_stray_mark_in_a_file_that_quotes_is_counted_and_costs_its_own_record(read):
    table = read('text,label\n"first, one",pos\n"stray, one, neg\n"third, one",pos\nlast,neg\n')
    assert cells(table) == [("first, one", "pos"), ("third, one", "pos"), ("last", "neg")]
    assert table.rejected == {Rejection.BROKEN_QUOTES: 1}


def test_empty_fields_at_the_end_are_no_extra_columns(read):
    table = read("text,label\nhello,pos,,\n")
    assert cells(table) == [("hello", "pos")]
    assert not table.rejected


def test_quotes_inside_plain_fields_are_ordinary_characters(read):
    assert cells(read('text,label\n5" disk,pos\n"6"" disk",neg\n7" disk,pos\n')) == [
        ('5" disk', "pos"),
        ('6" disk', "neg"),
        ('7" disk', "pos"),
    ]


def test_a_stray_quote_does_not_swallow_the_rest_of_the_file(read):
    lines = [f"text {n},pos" for n in range(1000)]
    lines[10] = '"text 10,pos'
    table = read("text,label\n" + "\n".join(lines) + "\n")
    assert [text for text, _ in cells(table)] == [line.removesuffix(",pos") for line in lines]
    assert not table.rejected


def test_two_stray_quotes_do_not_swallow_what_lies_between(read):
    lines = [f"text {n},pos" for n in range(1000)]
    lines[10], lines[900] = '"text 10,pos', '"text 900,pos'
    table = read("text,label\n" + "\n".join(lines) + "\n")
    assert [text for text, _ in cells(table)] == [line.removesuffix(",pos") for line in lines]
    assert not table.rejected


def test_stray_quotes_that_make_a_well_quoted_field_together_are_seen_through(read):
    table = read('text,label\n""",pos\n"",neg\n",a",pos\n')
    assert cells(table) == [('"""', "pos"), ("", "neg"), (",a", "pos")]
    assert not table.rejected


@pytest.mark.parametrize(
    "end",
    [
        'third,"the text goes on',
        'third,"the text goes on\nand on\n\nand on, and on, and on',
        'third,"',
    ],
)
def test_a_file_cut_inside_quotes_loses_its_last_record_only(read, end):
    table = read(f"label,text\nfirst,a\nsecond,b\n{end}")
    assert table.frame["label"].to_list() == ["first", "second"]
    assert table.rejected == {Rejection.CUT_OFF: 1}


def test_a_file_cut_between_columns_loses_its_last_record_only(read):
    table = read("text,label\nfirst,pos\nsecond")
    assert table.rejected == {Rejection.MISSING_COLUMN: 1}


def test_a_record_may_be_as_long_as_it_likes(read):
    before = csv.field_size_limit()
    assert read("text,label\n" + "long " * 100_000 + ',pos\n5" disk,pos\n').frame.height == 2
    assert csv.field_size_limit() == before


def test_bytes_that_are_not_utf8_are_repaired_and_counted(read):
    table = read(b"text,label\ncaf\xe9,pos\nplain,pos\n")
    assert cells(table) == [("café", "pos"), ("plain", "pos")]
    assert table.repaired == 1
    assert cells(read(b"text,label\ncaf\xe9,pos\n", bad_bytes=BadBytes.REPLACE)) == [("caf\ufffd", "pos")]


def test_bad_bytes_in_columns_nobody_needs_do_not_count(read):
    table = read(b"text,label,x\nhello,pos,\xe9\n")
    assert table.repaired == 0


field = st.text(alphabet='ab ,"é\x00\\', max_size=8)


@settings(deadline=None)
@given(st.lists(st.tuples(field, field, field), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_both_readers_give_the_same_rows(read, path, rows, newline):
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label", "who"), *rows])
    fast = read(stream.getvalue(), Columns(text="text", label="label", group="who"))
    with open_delimited(path, {"text"}) as exact:
        assert [row.cells for row in exact] == [list(row) for row in rows]
    assert [tuple(cell or "" for cell in row[:3]) for row in fast.frame.rows()] == rows


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_follows_the_header_no_record_is_lost_and_nothing_is_raised(read, data):
    table = read(b"text,label\n" + data)
    assert table.rows_in == table.frame.height + table.rejected.total()


@settings(deadline=None)
@given(st.lists(st.text(alphabet="ab c,", max_size=5), min_size=1, max_size=20), st.data())
def test_one_stray_quote_costs_at_most_two_rows(read, texts, data):
    # A stray quote in front of a quoted field opens it twice: its own row and the next one may suffer.
    lines = [f'"{text}",pos' for text in texts]
    at = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:place] + '"' + lines[at][place:]
    table = read("text,label\n" + "\n".join(lines) + "\n")
    assert table.frame.height >= len(lines) - 2
    assert table.rows_in >= len(lines) - 1
