"""Numbers in sentences: one and many."""

import pytest

from opinionlens.base.wording import counted


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ["row"], "0 rows"),
        (1, ["row"], "1 row"),
        (1.0, ["row"], "1 row"),
        (12_345, ["row"], "12,345 rows"),
        (1, ["row has", "rows have"], "1 row has"),
        (2, ["row has", "rows have"], "2 rows have"),
    ],
)
def test_one_and_many_have_their_own_words(number, words, expected):
    assert counted(number, *words) == expected
