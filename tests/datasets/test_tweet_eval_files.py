import pytest

from opinionlens.base.errors import DatasetMalformed
from opinionlens.datasets.table import Rejection
from opinionlens.datasets.tweet_eval_files import read_pair
from opinionlens.tabular.encoding import BadBytes


@pytest.fixture
def pair(tmp_path):
    def write(texts: bytes, labels: bytes):
        (tmp_path / "train_text.txt").write_bytes(texts)
        (tmp_path / "train_labels.txt").write_bytes(labels)
        return read_pair(tmp_path / "train_text.txt", BadBytes.CP1252)

    return write


def test_lines_are_paired_by_number(pair):
    table = pair("good \u2028 really\nbad\n".encode(), b"2\n0\n")
    assert table.frame.rows() == [
        ("good \u2028 really", "2", None, None, None),
        ("bad", "0", None, None, None),
    ]


@pytest.mark.parametrize(("texts", "labels"), [(b"a\nb\nc\n", b"0\n1\n"), (b"a\nb\n", b"0\n1\n2")])
def test_a_line_without_its_partner_is_counted(pair, texts, labels):
    table = pair(texts, labels)
    assert table.frame.height == 2
    assert table.rejected == {Rejection.MISSING_COLUMN: 1}


def test_bytes_that_are_not_utf8_are_repaired_and_counted(pair):
    table = pair(b"caf\xe9\n", b"1\n")
    assert table.frame["text"].to_list() == ["café"]
    assert table.repaired == 1


def test_texts_without_labels_are_refused(tmp_path):
    (tmp_path / "val_text.txt").write_text("a\n")
    with pytest.raises(DatasetMalformed, match=r"`val_text.txt` has no `val_labels.txt`"):
        read_pair(tmp_path / "val_text.txt", BadBytes.CP1252)
