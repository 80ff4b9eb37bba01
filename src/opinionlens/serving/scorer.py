"""Answers with whatever is active: short work on the event loop, the rest in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from opinionlens.classifiers.classifier import Prediction
from opinionlens.classifiers.explanation import Explanation
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.store import ModelStore, ServedModel

T = TypeVar("T")

# Kinds that answer one text in well under a millisecond; a hop to a thread would cost more.
QUICK_KINDS = frozenset({"linear", "lexicon"})
# An explanation names every feature; beyond this length it takes long enough to be felt by other requests.
QUICK_EXPLANATION_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction, who made it and how long that took."""

    prediction: Prediction
    model: ServedModel
    seconds: float


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Predictions for many texts, all of the same model."""

    predictions: list[Prediction]
    model: ServedModel
    seconds: float


@dataclass(frozen=True, slots=True)
class ExplainedAnswer:
    """One prediction with the reasons for it."""

    explanation: Explanation
    model: ServedModel
    seconds: float


class Scorer:
    """The way from texts to answers. Each call uses one model to its end, whatever is swapped meanwhile.

    Every method raises ModelNotAvailableError while nothing can answer, and ServingBusy under too much load.
    """

    def __init__(self, store: ModelStore, pool: BatchPool) -> None:
        """Answer from `store`, doing slow work in `pool`."""
        self._store = store
        self._pool = pool

    async def predict(self, text: str) -> Answer:
        """Answer one text."""
        model = self._store.current()
        started = perf_counter()
        if model.kind in QUICK_KINDS:
            prediction = model.classifier.predict(text)
        else:
            (prediction,) = await self._pool.run(model.classifier.predict_many, [text])
        return Answer(prediction, model, perf_counter() - started)

    async def predict_many(self, texts: list[str]) -> BatchAnswer:
        """Answer many texts, in their order."""
        model = self._store.current()
        started = perf_counter()
        predictions = await self._pool.run(model.classifier.predict_many, texts)
        return BatchAnswer(predictions, model, perf_counter() - started)

    async def explain(self, text: str, present: Callable[[ExplainedAnswer], T]) -> tuple[ExplainedAnswer, T]:
        """Answer one text with what each part of it adds.

        Args:
            text: the text.
            present: makes of the answer what will be shown, in the same thread, as it is as much work.
        """
        model = self._store.current()

        def explain(texts: Sequence[str]) -> list[tuple[ExplainedAnswer, T]]:
            started = perf_counter()
            explanation = model.classifier.explain(texts[0])
            answer = ExplainedAnswer(explanation, model, perf_counter() - started)
            return [(answer, present(answer))]

        quick = model.kind in QUICK_KINDS and len(text) <= QUICK_EXPLANATION_CHARS
        (result,) = explain([text]) if quick else await self._pool.run(explain, [text])
        return result
