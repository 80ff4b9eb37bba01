from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.datasets.duplicates import Removal, remove_duplicates


def table(*rows) -> pl.DataFrame:
    """Rows of (key, label, source, draw)."""
    return pl.DataFrame(rows, schema=["key", "label", "source", "draw"], orient="row").with_columns(
        number=pl.int_range(pl.len())
    )


def counts(deduplicated):
    return {
        source: {reason.name: count for reason, count in removed.items() if count}
        for source, removed in deduplicated.removed.items()
    }


def test_duplicates_are_counted_where_they_are_removed():
    result = remove_duplicates(
        table(("a", "P", "one", 0.1), ("a", "P", "one", 0.1), ("a", "P", "two", 0.1), ("b", "N", "two", 0.2))
    )
    assert result.frame["number"].to_list() == [0, 3]
    assert counts(result) == {"one": {"DUPLICATE_WITHIN": 1}, "two": {"DUPLICATE_ACROSS": 1}}
    assert result.conflicting_texts == 0


def test_all_copies_of_a_text_with_several_labels_go():
    result = remove_duplicates(
        table(("a", "P", "one", 0.1), ("a", "P", "one", 0.1), ("a", "N", "two", 0.1), ("b", "N", "two", 0.2))
    )
    assert result.frame["key"].to_list() == ["b"]
    assert counts(result) == {"one": {"CONFLICTING_LABEL": 2}, "two": {"CONFLICTING_LABEL": 1}}
    assert result.conflicting_texts == 1


def test_the_smallest_draw_stays_then_the_first_row():
    result = remove_duplicates(
        table(("a", "P", "one", 0.9), ("a", "P", "two", 0.3), ("a", "P", "three", 0.3))
    )
    assert result.frame["source"].to_list() == ["two"]
    assert counts(result) == {"one": {"DUPLICATE_ACROSS": 1}, "two": {}, "three": {"DUPLICATE_ACROSS": 1}}


def test_the_result_is_in_order_of_the_draw_whatever_the_order_of_the_rows():
    rows = [("a", "P", "one", 0.9), ("b", "P", "one", 0.2), ("c", "P", "one", 0.5), ("d", "P", "one", 0.2)]
    forth, back = remove_duplicates(table(*rows)).frame, remove_duplicates(table(*rows[::-1])).frame
    assert forth["key"].to_list() == back["key"].to_list() == ["b", "d", "c", "a"]


def test_columns_are_those_that_came_in():
    frame = table(("a", "P", "one", 0.9))
    assert remove_duplicates(frame).frame.equals(frame)


row = st.tuples(
    st.sampled_from("abcd"),
    st.sampled_from("PN"),
    st.sampled_from(["one", "two"]),
    st.sampled_from([0.1, 0.5, 0.7]),
)


@given(st.lists(row, min_size=1, max_size=25))
@settings(deadline=None)
def test_every_row_is_kept_or_counted_once(rows):
    result = remove_duplicates(table(*rows))
    labels = {key: {row[1] for row in rows if row[0] == key} for key in "abcd"}
    agreed = {key for key, found in labels.items() if len(found) == 1}
    assert sorted(result.frame["key"]) == sorted(agreed)
    assert result.conflicting_texts == sum(len(found) == 2 for found in labels.values())
    kept = Counter(result.frame["source"])
    for source, number in Counter(source for _, _, source, _ in rows).items():
        assert number == kept[source] + sum(result.removed[source].values())
        conflicting = sum(key not in agreed for key, _, own, _ in rows if own == source)
        assert result.removed[source][Removal.CONFLICTING_LABEL] == conflicting
    for key, draw in result.frame.select("key", "draw").iter_rows():
        assert draw == min(row[3] for row in rows if row[0] == key)


@pytest.mark.parametrize("reason", Removal)
def test_a_source_without_removals_says_so(reason):
    assert remove_duplicates(table(("a", "P", "one", 0.9))).removed["one"][reason] == 0
