"""How much of a text says something new: a sentence said sixty times is no sixty pieces of evidence."""

from __future__ import annotations

from collections.abc import Sequence

# Posts of ordinary length stay below, and reviews of up to a thousand words hardly exceed it.
_USES_OF_A_PIECE = 3


def evidence_length(pieces: Sequence[str]) -> int:
    """Return how many of the pieces or tokens count: at most three for each distinct one."""
    return min(len(pieces), _USES_OF_A_PIECE * len(set(pieces)))
