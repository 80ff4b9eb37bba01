import pytest

from opinionlens.storage.paging import page_limit, page_start


@pytest.mark.parametrize(
    ("asked", "given"), [(-1, 1), (0, 1), (1, 1), (499, 499), (500, 500), (501, 500), (10**30, 500)]
)
def test_a_page_has_from_one_to_five_hundred_rows(asked, given):
    assert page_limit(asked) == given


@pytest.mark.parametrize(
    ("before", "start"),
    [
        (None, 9_223_372_036_854_775_807),  # the largest number of both databases
        (9_223_372_036_854_775_807, 9_223_372_036_854_775_807),
        (9_223_372_036_854_775_808, 9_223_372_036_854_775_807),
        (7, 7),
        (0, 0),
        (-1, 0),
    ],
)
def test_a_page_starts_below_a_number_that_both_databases_know(before, start):
    assert page_start(before) == start
