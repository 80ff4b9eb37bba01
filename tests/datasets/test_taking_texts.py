"""As many texts of each source as asked, wherever there are duplicates, contradictions and other sources."""

from collections import Counter

import polars as pl
import pytest

from opinionlens.datasets.duplicates import Deduplicated, remove_duplicates
from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.sampling import Sampling


def sample(frame: pl.DataFrame, max_rows: dict[str, int], seed: int = 42) -> Deduplicated:
    return remove_duplicates(with_identity(frame, seed), Sampling(max_rows, seed))


def texts(deduplicated: Deduplicated, source: str = "one") -> list[str]:
    return deduplicated.frame.filter(pl.col("source") == source)["text"].to_list()


def numbered(count: int, label: str, source: str = "one", first: int = 0) -> list[tuple[str, str, str]]:
    return [(f"word{number}", label, source) for number in range(first, first + count)]


# 100 texts: 50, 30 and 20.
HUNDRED = numbered(50, "NEGATIVE") + numbered(30, "NEUTRAL", first=50) + numbered(20, "POSITIVE", first=80)


@pytest.mark.parametrize(
    ("number", "labels"),
    [
        (10, {"NEGATIVE": 5, "NEUTRAL": 3, "POSITIVE": 2}),
        (20, {"NEGATIVE": 10, "NEUTRAL": 6, "POSITIVE": 4}),
        (99, {"NEGATIVE": 49, "NEUTRAL": 30, "POSITIVE": 20}),
        (100, {"NEGATIVE": 50, "NEUTRAL": 30, "POSITIVE": 20}),
        (1000, {"NEGATIVE": 50, "NEUTRAL": 30, "POSITIVE": 20}),
    ],
)
def test_each_class_gets_its_share(frame_of, number, labels):
    result = sample(frame_of(*HUNDRED), {"one": number})
    assert Counter(result.frame["label"]) == labels
    assert result.over_max_rows == {"one": 100 - sum(labels.values())}


def test_duplicates_and_contradictions_cost_nothing_of_the_number(frame_of):
    rows = [*HUNDRED, *HUNDRED, *HUNDRED, ("odd", "NEGATIVE", "one"), ("odd", "POSITIVE", "one")]
    result = sample(frame_of(*rows), {"one": 90})
    assert len(texts(result)) == 90
    assert result.conflicting_texts == 1
    assert result.removed["one"] == {
        "duplicate_within_source": 180,
        "duplicate_of_another_source": 0,
        "conflicting_label": 2,
    }
    assert result.over_max_rows == {"one": 30}


def test_a_source_takes_what_an_earlier_one_has_left(frame_of):
    both = [*HUNDRED, *((text, label, "two") for text, label, _ in HUNDRED)]
    result = sample(frame_of(*both), {"one": 40, "two": 50})
    assert (len(texts(result)), len(texts(result, "two"))) == (40, 50)
    assert result.frame["key"].n_unique() == 90
    assert result.over_max_rows == {"one": 10, "two": 10}
    assert {source: removed["duplicate_of_another_source"] for source, removed in result.removed.items()} == {
        "one": 50,
        "two": 40,
    }


def test_a_source_without_a_number_gives_all_it_has(frame_of):
    both = [
        *HUNDRED,
        *((text, label, "two") for text, label, _ in HUNDRED),
        *numbered(7, "POSITIVE", "two", 200),
    ]
    result = sample(frame_of(*both), {"one": 40})
    assert (len(texts(result)), len(texts(result, "two"))) == (40, 67)
    assert result.over_max_rows == {"one": 0}


def test_a_number_that_all_fit_into_changes_nothing(frame_of):
    frame = frame_of(*HUNDRED, *numbered(60, "NEUTRAL", "two", 40))
    without = remove_duplicates(with_identity(frame, 42))
    result = sample(frame, {"one": 100, "two": 100})
    assert result.frame.equals(without.frame)
    assert result.removed == without.removed


def test_the_seed_decides_and_the_order_of_the_rows_does_not(frame_of):
    forth, back = frame_of(*HUNDRED), frame_of(*HUNDRED[::-1])
    assert texts(sample(forth, {"one": 30})) == texts(sample(back, {"one": 30}))
    assert set(texts(sample(forth, {"one": 30}))) != set(texts(sample(forth, {"one": 30}, seed=43)))


def test_a_sample_has_all_sides_of_the_split(frame_of):
    # Of 1,000 draws from [0, 1) a fifth, give or take four times 12.6, is below 0.2.
    result = sample(frame_of(*numbered(5000, "NEGATIVE")), {"one": 1000})
    assert 150 < (result.frame["draw"] < 0.2).sum() < 250
