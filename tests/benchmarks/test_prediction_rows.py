"""The two ways of writing that are compared store the same."""

from contextlib import closing
from uuid import uuid4

from benchmarks.prediction_rows import FLUSH, new_rows, shown, write_by_statement
from benchmarks.prediction_rows import Flush as Cost

from opinionlens.storage import Database, migrate, predictions


def test_both_ways_store_the_same(tmp_path):
    url = f"sqlite:///{tmp_path / 'rows.db'}"
    migrate(url)
    some, others = new_rows(uuid4, 3), new_rows(uuid4, 3)
    with closing(Database(url)) as database:
        predictions.write(database, some)
        write_by_statement(database, others)
        assert [predictions.find(database, row.id) for row in (*some, *others)] == [*some, *others]


def test_the_first_row_is_what_the_others_are_compared_with():
    assert FLUSH == 1_000
    measured = {
        ("random", "slowly"): [Cost(0.020, 0.05), Cost(0.030, 0.09), Cost(0.025, 0.06)],
        ("ordered", "fast"): [Cost(0.005, 0.01)],
    }
    rows = shown(measured).splitlines()[2:]
    assert rows == [
        "| random | slowly | 25.0 | 1.0 | 60.0 | 90.0 |",
        "| ordered | fast | 5.0 | 5.0 | 10.0 | 10.0 |",
    ]
