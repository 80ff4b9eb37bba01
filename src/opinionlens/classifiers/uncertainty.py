"""When an answer is marked `uncertain`, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class UncertainReason(StrEnum):
    """Why a prediction should not be relied on; the first that applies, in this order."""

    EMPTY_TEXT = "empty_text"
    FOREIGN_TEXT = "foreign_text"
    LOW_CONFIDENCE = "low_confidence"


@dataclass(frozen=True)
class Uncertainty:
    """The thresholds tuned on out-of-fold scores.

    A text is *foreign* when it has at least `min_words` words and the share of them that the model knows is
    below `min_known_share`: another language, a product list, noise. Fewer words say nothing about the
    language.
    """

    min_confidence: float = 0.0
    min_known_share: float = 0.0
    min_words: int = 4

    def reason(self, confidence: float, tokens: int, words: int, known: int) -> UncertainReason | None:
        """Return why the answer is uncertain, or None; `words` are the tokens with a letter in them."""
        if not tokens:
            return UncertainReason.EMPTY_TEXT
        if words >= self.min_words and known < words * self.min_known_share:
            return UncertainReason.FOREIGN_TEXT
        if confidence < self.min_confidence:
            return UncertainReason.LOW_CONFIDENCE
        return None
