from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opinionlens.classifiers.onnx.token_batches import token_batches


def batches(lengths: list[int], most_tokens: int, most_padding: float) -> list[list[int]]:
    return list(token_batches(lengths, most_tokens=most_tokens, most_padding=most_padding))


def test_texts_of_similar_length_come_together() -> None:
    # 3 x 4 tokens fit into 12; 2 x 9 would not, and neither would 4 x 9.
    assert batches([4, 9, 3, 4, 9], 12, 0.5) == [[2, 0, 3], [1], [4]]


def test_padding_is_bounded() -> None:
    # 2 and 4: 2 of 8 are padding, as much as allowed; with 5 it would be 4 of 15, more than a quarter.
    assert batches([2, 4, 5], 100, 0.25) == [[0, 1], [2]]


def test_a_long_text_has_a_batch_of_its_own() -> None:
    assert batches([50, 1, 60], 10, 0.9) == [[1], [0], [2]]


def test_no_texts_make_no_batch() -> None:
    assert batches([], 10, 0.5) == []


@given(st.lists(st.integers(1, 80), max_size=60), st.integers(1, 300), st.floats(0, 1))
def test_every_text_is_in_one_batch_within_the_bounds(
    lengths: list[int], most_tokens: int, most_padding: float
) -> None:
    found = batches(lengths, most_tokens, most_padding)
    assert sorted(position for batch in found for position in batch) == list(range(len(lengths)))
    for batch in found:
        inside = [lengths[position] for position in batch]
        size = len(batch) * max(inside)
        assert len(batch) == 1 or (size <= most_tokens and size - sum(inside) <= most_padding * size)
