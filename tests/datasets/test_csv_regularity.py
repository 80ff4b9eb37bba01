"""What is called regular must be read alike by the exact reader and by polars."""

import csv
import io

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opinionlens.datasets.csv_regularity import regular_rows

rows_of_text = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.text(alphabet='ab ,;"\té😀'), min_size=width, max_size=width), min_size=1, max_size=6
    )
)


@settings(deadline=None)
@given(rows_of_text, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_a_csv_writer_writes_is_regular(rows, separator, newline, final_newline):
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator=newline).writerows(rows)
    text = stream.getvalue() if final_newline else stream.getvalue().removesuffix(newline)
    assert regular_rows(text.encode(), separator) == len(rows) - 1


@settings(deadline=None)
@given(st.text(alphabet='a,"\n\r', max_size=40))
@example('a,b\n"x""y",z\n')
@example('a,b\n"x"\r,z\n')
@example('a,b\n5" disk,z\n6" disk,z\n')
@example('a,b\nx,5"\ny,6"\n')
@example('a,b\n\n"x",z\n')
@example('a,""\n"",a')
def test_a_regular_file_is_read_alike_by_both_readers(text):
    # A header of our own, so that the names of the columns are never in doubt.
    data = ("c1,c2\n" + text).encode()
    rows = regular_rows(data, ",")
    if rows is None:
        return
    exact = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    fast = pl.read_csv(io.BytesIO(data), infer_schema=False)
    assert len(exact) - 1 == rows
    assert [tuple(row) for row in exact[1:]] == [
        tuple(cell or "" for cell in row) for row in fast.iter_rows()
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\nb\n",  # one column: a blank line could be a row
        "a,b\n1\n",  # a field too few
        "a,b\n1,2,3\n",  # a field too many
        "a,b\n\n1,2\n",  # a blank line
        'a,b\n1,"2\n3"\n',  # a field that goes on over a line end: its lines could be rows
        'a,b\n1,"2\n',  # a quote that is not closed
        'a,b\n1,2"\n3,4"\n',  # quotes inside plain fields
        'a,b\n1,"2"x\n',  # text behind a closing quote
        "a,b\n1,2\r3,4\n",  # a line that ends as on an old Macintosh
        "a,b\r1,2\r",
    ],
)
def test_irregular_files(text):
    assert regular_rows(text.encode(), ",") is None
