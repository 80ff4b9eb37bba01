from math import log

import polars as pl
import pytest

from opinionlens.datasets.slices import build_slices

TRAIN = pl.DataFrame({"words": ["the cat", "the dog", "the the bird", ""]})  # the: 4, cat, dog, bird: 1


@pytest.fixture
def slices():
    def build(*rows):
        test = pl.DataFrame(rows, schema=["words", "label"], orient="row").with_row_index("id")
        return {name: frame["id"].to_list() for name, frame in build_slices(TRAIN, test).items()}

    return build


def test_balanced_takes_as_many_of_each_label_as_the_rarest_has(slices):
    labels = "PPNPUPNU"
    assert slices(*(("cat", label) for label in labels))["balanced_data"] == [0, 1, 2, 4, 6, 7]


def test_length_is_in_words_and_the_thresholds_belong_to_the_slices(slices):
    texts = ["", "a", "a b", "a b c", "a b c d"]
    found = slices(*((text, "P") for text in texts))
    assert found["short_text"] == [0, 1]
    assert found["long_text"] == [3, 4]


def test_commonness_is_the_mean_logarithm_of_occurrences_in_training(slices):
    # (ln 5 + ln 2) / 2 = 1.15, ln 5 = 1.61, ln 2 = 0.69, (ln 5 + ln 1) / 2 = 0.80, 0
    assert log(5) / 2 > log(2)
    texts = ["the cat", "the the", "dog bird", "the unicorn", "unicorn"]
    found = slices(*((text, "P") for text in texts))
    assert found["less_common_words"] == [2, 4]
    assert found["more_common_words"] == [0, 1]


def test_texts_without_words_have_no_commonness(slices):
    found = slices(("", "P"), ("the", "P"), ("cat", "P"))
    assert 0 not in found["less_common_words"] + found["more_common_words"]


def test_words_of_the_test_split_do_not_make_themselves_common(slices):
    found = slices(*[("unicorn", "P")] * 5, *[("the", "P")] * 3)
    assert found["more_common_words"] == [5, 6, 7]


def test_columns_are_those_of_the_test_split():
    test = pl.DataFrame({"words": ["cat"], "label": ["P"], "text": ["Cat!"]})
    assert all(frame.columns == test.columns for frame in build_slices(TRAIN, test).values())
