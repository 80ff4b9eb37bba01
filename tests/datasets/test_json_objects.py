import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.datasets.card import Columns
from opinionlens.datasets.json_objects import read_json
from opinionlens.datasets.table import Rejection
from opinionlens.tabular.encoding import BadBytes

COLUMNS = Columns(text="text", label="label", group="who")


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("json") / "file.jsonl"

    def read_bytes(data: bytes | str):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_json(path, COLUMNS, BadBytes.CP1252)

    return read_bytes


def test_objects_become_cells_and_other_keys_are_ignored(read, json_lines):
    table = read(
        json_lines({"text": "a", "label": 1, "x": [1]}, {"label": True, "text": "b\u2028c", "who": "me"})
    )
    assert table.frame.rows() == [("a", "1", None, None, None), ("b\u2028c", "true", "me", None, None)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", Rejection.NOT_JSON),
        ("[1]", Rejection.NOT_JSON),
        ('"text"', Rejection.NOT_JSON),
        ("[" * 100_000, Rejection.NOT_JSON),
        ('{"text": "a"}', Rejection.MISSING_COLUMN),
        ('{"label": "pos"}', Rejection.MISSING_COLUMN),
        ('{"text": ["a"], "label": "pos"}', Rejection.NOT_TEXT),
        ('{"text": "a", "label": {"b": 1}}', Rejection.NOT_TEXT),
    ],
)
def test_a_damaged_line_is_counted_and_its_neighbours_are_kept(read, line, reason):
    good = '{"text": "a", "label": "pos"}\n'
    table = read(good + line + "\n\n" + good)
    assert table.frame.height == 2
    assert table.rejected == {reason: 1}


def test_a_file_cut_inside_an_object(read, json_lines):
    table = read(json_lines({"text": "a", "label": "pos"}, {"text": "b", "label": "neg"})[:-5])
    assert table.frame["text"].to_list() == ["a"]
    assert table.rejected == {Rejection.CUT_OFF: 1}


def test_null_is_an_empty_cell(read, json_lines):
    assert read(json_lines({"text": None, "label": "pos"})).frame.rows() == [(None, "pos", None, None, None)]


def test_halves_of_characters_do_not_stop_the_work(read):
    assert read('{"text": "a\\ud83d", "label": "pos"}').frame["text"].to_list() == ["a\ufffd"]


def test_bytes_that_are_not_utf8_are_repaired_and_counted(read):
    table = read(b'{"text": "caf\xe9", "label": "pos"}\n')
    assert table.frame["text"].to_list() == ["café"]
    assert table.repaired == 1


@settings(deadline=None)
@given(st.lists(st.text(alphabet='{}[]":, ntextlab1é', max_size=20)))
def test_whatever_the_lines_each_is_counted(read, lines):
    # An object comes first, because a file that begins with a bracket is one array.
    table = read("\n".join(['{"text": "a", "label": "pos"}', *lines]))
    assert table.rows_in == 1 + sum(bool(line.strip()) for line in lines)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_whatever_the_bytes_nothing_is_raised(read, data):
    assert read(b"{}\n" + data).rows_in >= 1
