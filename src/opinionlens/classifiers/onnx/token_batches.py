"""Batches of texts of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def token_batches(lengths: Sequence[int], *, most_tokens: int, most_padding: float) -> Iterator[list[int]]:
    """Yield the positions of texts, batch by batch.

    Short texts come first. In a batch every text is padded to the length of the longest one. A text that is
    longer than `most_tokens` makes a batch of its own.

    Args:
        lengths: pieces of each text.
        most_tokens: the size of a batch, padding counted.
        most_padding: the largest share of padding in a batch, from 0 to 1.
    """
    batch: list[int] = []
    real = 0
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[position]
        size = (len(batch) + 1) * length
        if batch and (size > most_tokens or size - real - length > most_padding * size):
            yield batch
            batch, real = [], 0
        batch.append(position)
        real += length
    if batch:
        yield batch
