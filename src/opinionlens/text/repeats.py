"""A bound on the evidence of repeated words.

A sentence said sixty times is no sixty pieces of evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

# Posts of ordinary length stay below, and reviews of up to a thousand words hardly exceed it.
_USES_OF_A_PIECE = 3


def evidence_length(pieces: Sequence[str]) -> int:
    """Count the pieces or tokens, at most three of each."""
    return min(len(pieces), _USES_OF_A_PIECE * len(set(pieces)))
