"""The check of `opinionlens drift check`, on windows put together in memory.

What the prediction log would give for each text is found once; windows are gathered and compared by the jobs'
own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property

import numpy as np

from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.prediction import Prediction
from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.windows import WindowSums, terms_of, unknown_share
from opinionlens.jobs.drift_check import CheckedModel, check_window
from opinionlens.jobs.drift_windows import GatheredWindow
from opinionlens.text.recipe import Recipe

_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Kept(StrEnum):
    """The words that a check finds: stored texts, sums of whole hours, or neither."""

    TEXTS = "texts"
    SUMS = "sums"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Answer:
    """A served text, as the app remembers it.

    Attributes:
        text: itself.
        prediction: the model's.
        terms: its distinct terms.
        unknown_share: of its words; NaN without words.
    """

    text: str
    prediction: Prediction
    terms: Sequence[str]
    unknown_share: float


class RememberingRecipe(Recipe):
    """A recipe that remembers its tokens: windows share most of their texts."""

    @cached_property
    def _known(self) -> dict[str, list[str]]:
        return {}

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = super().tokens(text)
        return found


@dataclass(frozen=True)
class MeasuredModel(CheckedModel):
    """A model whose recipe remembers its tokens."""

    @cached_property
    def _recipe(self) -> Recipe:
        own = self.classifier.manifest.features.recipe
        return RememberingRecipe(own.name, own.tokenizer, own.stemmer, own.negation_scope)

    @property
    def recipe(self) -> Recipe:
        """The recipe that finds its terms."""
        return self._recipe


def answers_of(model: CheckedModel, texts: Sequence[str]) -> list[Answer]:
    """Predict texts and read their words."""
    knows = model.knows
    assert knows is not None, "The vocabulary has no single words."
    answers = []
    for text, prediction in zip(texts, _predicted(model.classifier, texts), strict=True):
        terms = terms_of(model.recipe, text)
        answers.append(Answer(text, prediction, terms, unknown_share(model.recipe, terms, knows)))
    return answers


def _predicted(classifier: Classifier, texts: Sequence[str]) -> list[Prediction]:
    parts = [classifier.predict_many(texts[start : start + 500]) for start in range(0, len(texts), 500)]
    return [one for part in parts for one in part]


class WindowCheck:
    """The check of one model, where so much of the texts is kept."""

    def __init__(self, model: CheckedModel, kept: Kept) -> None:
        """Check windows of this model."""
        self._model, self._kept = model, kept

    def __call__(self, answers: Sequence[Answer]) -> WindowComparison:
        """Gather a window and compare it."""
        window = GatheredWindow(WindowSums(self._model.profile), "prediction_log", _AT, _AT)
        window.add_predictions(
            np.array([one.prediction.probabilities for one in answers]), [len(one.text) for one in answers]
        )
        # Rows of the log have it in any case.
        window.sums.add_unknown([one.unknown_share for one in answers])
        if self._kept is not Kept.ROWS:
            window.sums.add_terms([one.terms for one in answers])
        if self._kept is Kept.TEXTS:
            window.keep_some(one.text for one in answers)
        return check_window(self._model, window)
