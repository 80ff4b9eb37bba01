"""Trials of two models on a few texts.

They run in the pool for batches, one at a time, with a time limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from opinionlens.base.errors import InputError, ServingBusy
from opinionlens.base.wording import counted
from opinionlens.classifiers.explanation import Explanation
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.store import ServedModel
from opinionlens.text.blank import is_blank
from opinionlens.web.services.asked_models import AskedModels
from opinionlens.web.services.trial import ModelOnTrial, Trial, TriedText

# An explanation by occlusion asks a slow model a hundred times: ten texts and two models take some seconds.
MAX_TEXTS = 10
LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """Texts and the two models to ask.

    A model is the id of a version, `active` or `lexicon`.
    """

    texts: Sequence[str]
    models: tuple[str, str]


class Trials:
    """Trials in threads, one after another.

    Belongs to the event loop.
    """

    def __init__(
        self, models: AskedModels, pool: BatchPool, *, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        """Ask the models that can be asked for by name."""
        self._models = models
        self._pool = pool
        self._longest_seconds = longest_seconds
        self._turn = asyncio.Lock()

    async def run(self, order: TrialOrder) -> Trial:
        """Return the answers of both models to the texts.

        They are neither logged nor counted.

        Raises:
            InputError: both are the same version.
            ModelNotLoaded: there is no such version here.
            ModelNotAvailableError: nothing answers now.
            ArtifactError: a version may not serve.
            ServingBusy: the pool is full, or it took too long.
        """
        if order.models[0] == order.models[1]:
            raise InputError("Both are the same version.", remedy="Name two different ones.")
        try:
            async with asyncio.timeout(self._longest_seconds), self._turn:
                # One after the other: only one version beside the active one is kept in memory.
                first, ours = await self._asked(order.models[0], order.texts)
                second, theirs = await self._asked(order.models[1], order.texts)
        except TimeoutError:
            raise ServingBusy(
                f"The trial took more than {self._longest_seconds:.0f} seconds.",
                remedy="Take fewer or shorter texts, or try again in a minute.",
            ) from None
        return Trial((first, second), list(map(TriedText, order.texts, ours, theirs)))

    async def _asked(self, name: str, texts: Sequence[str]) -> tuple[ModelOnTrial, list[Explanation]]:
        model = await self._models.find(name)
        explanations: list[Explanation] = []
        for text in texts:  # each in a turn of its own, so that a trial that is given up ends soon
            explanations += await self._pool.run(lambda part: _explained(model, part), [text])
        return ModelOnTrial.of(model), explanations


def _explained(model: ServedModel, texts: Sequence[str]) -> list[Explanation]:
    return [model.classifier.explain(text) for text in texts]


def texts_of_lines(typed: str, *, most_chars: int) -> list[str]:
    """Return the texts that were typed, one on each line.

    Raises InputError.
    """
    texts = [line.strip() for line in typed.replace("\r\n", "\n").split("\n") if not is_blank(line)]
    if not texts:
        raise InputError("Type or paste a text first.")
    if len(texts) > MAX_TEXTS:
        raise InputError(
            f"There are {len(texts)} lines, and each is a text.", remedy=f"Try at most {MAX_TEXTS} at once."
        )
    for number, text in enumerate(texts, start=1):
        if (excess := len(text) - most_chars) > 0:
            raise InputError(
                f"Text {number} is {counted(excess, 'character')} too long; the limit is {most_chars:,}."
            )
    return texts
