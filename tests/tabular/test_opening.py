"""Opening files: a folder, a pipe and a missing file are told apart."""

import os

import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.opening import check_plain_file


@pytest.mark.parametrize(
    ("kind", "said"),
    [("nothing", "There is no such file"), ("folder", "This is a folder"), ("pipe", "This is no plain file")],
)
def test_what_is_no_plain_file_is_named(tmp_path, kind, said):
    path = tmp_path / "rows.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(TableInvalid, match=said):
        check_plain_file(path)


def test_a_file_passes(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text\n")
    check_plain_file(path)
