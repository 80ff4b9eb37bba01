"""No row lost, no row leaked, and no row moves when data are added."""

from math import sqrt

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinionlens.base.errors import DatasetMalformed
from opinionlens.datasets.duplicates import remove_duplicates
from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.splits import SPLITS, SplitShares, assign_splits, check_splits, find_leaks

SHARES = SplitShares(train=0.64, val=0.16, test=0.2)
WORDS = ["one", "two", "three", "four", "five", "six"]


def split(frame: pl.DataFrame, seed: int = 42, shares: SplitShares = SHARES) -> pl.DataFrame:
    return assign_splits(remove_duplicates(with_identity(frame, seed)).frame, shares)


def sides(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("key", "split").rows())


rows = st.lists(
    st.tuples(
        # Few words, so that texts, groups and labels meet again and again across the sources.
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join),
        st.sampled_from(["NEGATIVE", "NEGATIVE", "POSITIVE"]),
        st.sampled_from(["s", "t"]),
        st.sampled_from([None, "me", "you", "her"]),
    ),
    min_size=1,
    max_size=30,
)
property_test = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def with_inserted(old: list, new: list, random) -> list:
    more = list(old)
    for row in new:
        more.insert(random.randrange(len(more) + 1), row)
    return more


@given(rows, rows, st.integers(0, 5), st.randoms())
@property_test
def test_adding_data_anywhere_moves_no_row(frame_of, old, new, seed, random):
    columns = ("text", "label", "source", "group")

    def sides_of_rows(given_rows):
        return {
            row[:-1]: row[-1] for row in split(frame_of(*given_rows), seed).select(*columns, "split").rows()
        }

    before, after = sides_of_rows(old), sides_of_rows(with_inserted(old, new, random))
    # Gone is allowed: a new row may contradict its label, or be the copy that stays.
    assert {row: after.get(row, side) for row, side in before.items()} == before


@given(rows, rows, st.integers(0, 5), st.randoms())
@property_test
def test_adding_data_moves_no_text_without_named_authors(frame_of, old, new, seed, random):
    old, new = ([(*row[:3], None) for row in part] for part in (old, new))
    before = sides(split(frame_of(*old), seed))
    after = sides(split(frame_of(*with_inserted(old, new, random)), seed))
    assert {key: after.get(key, side) for key, side in before.items()} == before
    # Gone is a text only when its label is contradicted.
    labels = {}
    for text, label, _, _ in (*old, *new):
        labels.setdefault(text, set()).add(label)
    assert len(after) == sum(len(found) == 1 for found in labels.values())


@given(rows, rows, st.integers(0, 5), st.randoms())
@property_test
def test_adding_data_moves_a_text_only_towards_the_test(frame_of, old, new, seed, random):
    before = sides(split(frame_of(*old), seed))
    after = sides(split(frame_of(*with_inserted(old, new, random)), seed))
    for key, side in before.items():
        assert SPLITS.index(after.get(key, side)) >= SPLITS.index(side)


def test_a_copy_under_another_author_may_bring_a_text_into_the_test(frame_of):
    # Authors by the side of their draw; the text is in train under the one, and a copy of it comes.
    authors = {}
    for number in range(200):
        who = f"author {number}"
        (side,) = split(frame_of((f"text {number}", "POSITIVE", "s", who)))["split"]
        authors.setdefault(side, who)
    old = ("a text", "POSITIVE", "s", authors["train"])
    for side in SPLITS:
        frame = split(frame_of(old, ("A text!", "POSITIVE", "s", authors[side])))
        assert frame.select("group", "split").rows() == [(authors[side], side)]


@given(rows, st.integers(0, 5), st.randoms())
@property_test
def test_no_text_is_lost_and_none_is_on_two_sides(frame_of, given_rows, seed, random):
    unique = remove_duplicates(with_identity(frame_of(*given_rows), seed)).frame
    frame = assign_splits(unique, SHARES)
    assert sorted(frame["key"]) == sorted(unique["key"])
    assert frame["key"].n_unique() == frame.height
    assert set(frame["split"]) <= set(SPLITS)
    groups: dict[tuple[str, str], set[str]] = {}
    for source, group, side in frame.select("source", "group", "split").iter_rows():
        if group is not None:
            groups.setdefault((source, group), set()).add(side)
    assert all(len(found) == 1 for found in groups.values())
    assert find_leaks(frame).texts == find_leaks(frame).groups == 0


@given(rows, st.integers(0, 5), st.randoms())
@property_test
def test_the_order_of_the_rows_changes_no_side(frame_of, given_rows, seed, random):
    shuffled = random.sample(given_rows, k=len(given_rows))
    assert sides(split(frame_of(*given_rows), seed)) == sides(split(frame_of(*shuffled), seed))


def test_each_stratum_is_divided_in_the_shares(frame_of):
    strata = [("NEGATIVE", "s"), ("POSITIVE", "s"), ("NEGATIVE", "t"), ("NEUTRAL", "t")]
    texts = ((f"text number {n}", *strata[n % 4]) for n in range(20_000))
    counted = split(frame_of(*texts)).group_by("label", "source", "split").len()
    assert counted.height == 4 * 3
    for _, _, side, number in counted.iter_rows():
        share = getattr(SHARES, side)
        assert abs(number - 5000 * share) < 4 * sqrt(5000 * share * (1 - share))


def test_groups_are_divided_in_the_shares(frame_of):
    texts = ((f"text number {n}", "POSITIVE", "s", f"author {n // 4}") for n in range(8000))
    frame = split(frame_of(*texts))
    for side, number in frame.group_by("split").len().iter_rows():
        share = getattr(SHARES, side)
        assert abs(number / 4 - 2000 * share) < 4 * sqrt(2000 * share * (1 - share))
    assert find_leaks(frame).groups == 0


def test_another_seed_divides_otherwise(frame_of):
    frame = frame_of(*((f"text number {n}", "POSITIVE") for n in range(100)))
    assert sides(split(frame, seed=1)) != sides(split(frame, seed=2))
    assert sides(split(frame, seed=1)) == sides(split(frame, seed=1))


def test_a_larger_share_of_validation_leaves_the_test_alone(frame_of):
    frame = frame_of(*((f"text number {n}", "POSITIVE") for n in range(300)))
    small, large = (
        {
            key
            for key, side in sides(split(frame, shares=SplitShares(0.8 - val, val, 0.2))).items()
            if side == "test"
        }
        for val in (0.1, 0.4)
    )
    assert small == large


def test_draws_on_the_borders():
    frame = pl.DataFrame({"draw": [0.0, 0.1999, 0.2, 0.3599, 0.3601, 0.9999]})
    assert assign_splits(frame, SHARES)["split"].to_list() == ["test", "test", "val", "val", "train", "train"]


def test_leaks_are_found():
    frame = pl.DataFrame(
        {
            "key": ["a", "a", "b", "c", "d"],
            "source": ["s", "t", "s", "s", "t"],
            "group": [None, None, "me", "me", "me"],
            "split": ["train", "test", "train", "val", "train"],
        }
    )
    leaks = find_leaks(frame)
    assert (leaks.texts, leaks.groups) == (1, 1)


def labelled(*rows):
    return pl.DataFrame(rows, schema=["label", "split"], orient="row")


def test_an_empty_split_is_refused():
    with pytest.raises(DatasetMalformed, match="2 rows are left, no row for val and test"):
        check_splits(labelled(("POSITIVE", "train"), ("NEGATIVE", "train")))


def test_one_class_is_nothing_to_learn_from():
    with pytest.raises(DatasetMalformed, match="only 1 class"):
        check_splits(labelled(("POSITIVE", "train"), ("NEGATIVE", "test"), ("NEGATIVE", "val")))


def test_a_usable_split_passes():
    check_splits(
        labelled(("POSITIVE", "train"), ("NEGATIVE", "train"), ("NEGATIVE", "test"), ("NEGATIVE", "val"))
    )
