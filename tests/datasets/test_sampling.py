"""A sample: exact in size, each class in proportion, and hardly moved by rows that are added."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.sampling import sample_rows
from opinionlens.datasets.splits import SplitShares, assign_splits


def rows(counts: dict[str, int], start: int = 0) -> pl.DataFrame:
    """So many rows of each label; texts differ by their number."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    texts = [f"{label} text number {start + number}" for number, label in enumerate(labels)]
    frame = pl.DataFrame({"text": texts, "label": labels, "source": "one"}).with_columns(
        group=pl.lit(None, pl.String)
    )
    return with_identity(frame, 42)


ALL = rows({"NEGATIVE": 600, "NEUTRAL": 300, "POSITIVE": 100})


def sizes(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame.group_by("label").len().iter_rows())


@pytest.mark.parametrize(
    ("max_rows", "expected"),
    [
        (100, {"NEGATIVE": 60, "NEUTRAL": 30, "POSITIVE": 10}),
        (10, {"NEGATIVE": 6, "NEUTRAL": 3, "POSITIVE": 1}),
        (1000, {"NEGATIVE": 600, "NEUTRAL": 300, "POSITIVE": 100}),
        (5, {"NEGATIVE": 3, "NEUTRAL": 1, "POSITIVE": 1}),
    ],
)
def test_each_class_keeps_its_share_and_no_class_is_lost(max_rows, expected):
    assert sizes(sample_rows(ALL, max_rows, 42)) == expected


def test_few_rows_stay_as_they_are():
    assert sample_rows(ALL, 1000, 42).equals(ALL)
    assert sample_rows(ALL[:0], 5, 42).is_empty()


def test_rows_keep_their_order_and_columns():
    taken = sample_rows(ALL, 250, 42)
    assert taken.columns == ALL.columns
    numbers = [int(text.rsplit(" ", 1)[1]) for text in taken["text"]]
    assert numbers == sorted(numbers)


def test_the_seed_decides():
    first, again, other = (set(sample_rows(ALL, 200, seed)["text"]) for seed in (1, 1, 2))
    assert first == again
    # Two independent fifths share about 40 of 200.
    assert len(first & other) < 80


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(shuffler):
    order = list(range(ALL.height))
    shuffler.shuffle(order)
    assert set(sample_rows(ALL[order], 100, 42)["key"]) == set(sample_rows(ALL, 100, 42)["key"])


def test_an_added_row_takes_the_place_of_one_other_at_most():
    before = set(sample_rows(ALL, 100, 42)["text"])
    for number in range(20):
        more = pl.concat([ALL, rows({"NEGATIVE": 1}, start=5000 + number)])
        after = set(sample_rows(more, 100, 42)["text"])
        assert len(after - before) <= 1
        assert len(before - after) <= 1


def test_a_smaller_sample_is_part_of_a_larger_one():
    small, large = (set(sample_rows(ALL, size, 42)["text"]) for size in (100, 300))
    assert small < large


def test_it_has_nothing_to_do_with_the_split():
    taken = sample_rows(assign_splits(ALL, SplitShares(0.6, 0.2, 0.2)), 500, 42)
    shares = {split: count / 500 for split, count in taken.group_by("split").len().iter_rows()}
    # Four standard deviations of 500 draws, less what a draw without replacement takes off.
    assert shares["train"] == pytest.approx(0.6, abs=0.09)
    assert shares["test"] == pytest.approx(0.2, abs=0.075)
