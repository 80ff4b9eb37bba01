"""The rules by which a prediction is uncertain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class UncertainReason(StrEnum):
    """The reasons why a prediction is unreliable.

    The first that applies counts, in this order.
    """

    EMPTY_TEXT = "empty_text"
    FOREIGN_TEXT = "foreign_text"
    UNFAMILIAR_TEXT = "unfamiliar_text"
    LOW_CONFIDENCE = "low_confidence"


UNCERTAIN_SENTENCES: Mapping[UncertainReason, str] = {
    UncertainReason.LOW_CONFIDENCE: "No class is clearly ahead of the others.",
    UncertainReason.FOREIGN_TEXT: "The model knows too few of these words. Is it another language?",
    UncertainReason.UNFAMILIAR_TEXT: (
        "This text is unlike those that the model was trained on, and the word list is not sure either."
    ),
    UncertainReason.EMPTY_TEXT: "This text has no words.",
}


class Familiarity(NamedTuple):
    """The part of a text's words that a model knows.

    Attributes:
        words: how many words the text has.
        known: how many of them the vocabulary holds.
        in_other_script: whether most letters are of scripts that the model was not trained on.
    """

    words: int = 0
    known: int = 0
    in_other_script: bool = False


# A text whose share of familiarity is below this is unlike the training texts.
UNFAMILIAR_BELOW = 0.5


@dataclass(frozen=True)
class Uncertainty:
    """The thresholds tuned on out-of-fold predictions.

    A text is *foreign* when most of its letters are of a script other than `scripts`, when no word of it is
    known, or when it has at least `min_words` words and the share of known ones is below `min_known_share`:
    another language, a product list, noise. With a `min_known_share` of 0 no text is foreign; without
    `scripts` none is for its script. A text is *unfamiliar* when it is unlike the training texts and the
    general expert is less confident than `unfamiliar_confidence`, or when it is no prose.
    """

    min_confidence: float = 0.0
    min_known_share: float = 0.0
    min_words: int = 4
    scripts: tuple[str, ...] = ()
    unfamiliar_confidence: float = 0.0

    def reason(
        self,
        confidence: float,
        tokens: int,
        familiarity: Familiarity,
        *,
        share: float = 1.0,
        is_prose: bool = True,
    ) -> UncertainReason | None:
        """Return why the prediction is uncertain, or None.

        Args:
            confidence: of the answer.
            tokens: how many the text has; 0 for a text that shows nothing.
            familiarity: how many of its words are known.
            share: how much it is like the training texts, from 0 to 1; 1 without a general expert.
            is_prose: False for code and records.
        """
        if not tokens:
            return UncertainReason.EMPTY_TEXT
        if self.min_known_share and self._is_foreign(familiarity):
            return UncertainReason.FOREIGN_TEXT
        if not is_prose:
            return UncertainReason.UNFAMILIAR_TEXT
        if share < UNFAMILIAR_BELOW:
            return UncertainReason.UNFAMILIAR_TEXT if confidence < self.unfamiliar_confidence else None
        if confidence < self.min_confidence:
            return UncertainReason.LOW_CONFIDENCE
        return None

    def _is_foreign(self, familiarity: Familiarity) -> bool:
        words, known, in_other_script = familiarity
        if in_other_script or (words and not known):
            return True
        return words >= self.min_words and known < words * self.min_known_share
