"""Sizes of fastText models, worked out by hand; tests/models_env fits some."""

from __future__ import annotations

import pytest

from opinionlens.families.fasttext_fit import FastTextChoice, bytes_of, rows_within


@pytest.mark.parametrize(("size", "count"), [("50M", 50_000_000), ("3k", 3_000), ("1G", 1_000_000_000)])
def test_sizes_have_decimal_units(size, count):
    assert bytes_of(size) == count


def test_rows_that_a_file_has_room_for():
    # 10 numbers in 5 codes, 39 bytes for norm, table and word; 256 centroids of 10 and 1 numbers; 3 outputs.
    assert rows_within(1_000_000, 10, 2, 3) == (1_000_000 - 4 * 256 * 11 - 4 * 3 * 10) // 44


def test_no_file_has_fewer_rows_than_a_quantizer_needs():
    assert rows_within(1_000, 10, 2, 3) == 256


def test_parameters_have_the_names_of_the_library():
    choice = FastTextChoice(epoch=5, lr=0.1, word_ngrams=2, dim=10, minn=3, maxn=6, bucket=1_000)
    assert choice.as_params() == {
        "epoch": 5,
        "lr": 0.1,
        "wordNgrams": 2,
        "dim": 10,
        "minn": 3,
        "maxn": 6,
        "bucket": 1_000,
        "dsub": 2,
    }
