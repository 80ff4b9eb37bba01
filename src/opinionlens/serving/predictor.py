"""Answers with whatever is active: short work on the event loop, the rest in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar
from uuid import UUID

from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.prediction import Prediction
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.idents import Idents
from opinionlens.serving.store import ModelStore, ServedModel

T = TypeVar("T")

# Kinds that answer a short text in well under a millisecond; a hop to a thread, 0.1 ms, would be felt.
QUICK_KINDS = frozenset({"linear", "lexicon"})
# Up to this length. 10,000 characters take 2 ms, the worst of them or an explanation many times that:
# other requests would feel it.
QUICK_CHARS = 1_000
# A long text is a small part of the work of a batch, and takes up as small a part of the room for them.
LONG_TEXT_SHARE = 1 / 8

_idents = Idents()


@dataclass(frozen=True, slots=True)
class ServedPrediction:
    """One prediction, who made it and how long that took; feedback names it by its id."""

    prediction: Prediction
    model: ServedModel
    seconds: float
    id: UUID = field(default_factory=_idents.new_uuid)


@dataclass(frozen=True, slots=True)
class ExplainedAnswer:
    """One prediction with the reasons for it; feedback names it by its id."""

    explanation: Explanation
    model: ServedModel
    seconds: float
    id: UUID = field(default_factory=_idents.new_uuid)

    @property
    def prediction(self) -> Prediction:
        """What is explained."""
        return self.explanation.prediction


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Predictions for many texts, all of the same model, and how long it took for all of them."""

    predictions: list[Prediction]
    model: ServedModel
    seconds: float


class Predictor:
    """The way from texts to answers. Each call uses one model to its end, whatever is swapped meanwhile.

    Every method raises ModelNotAvailableError while nothing can answer, and ServingBusy under too much load.
    """

    def __init__(self, store: ModelStore, pool: BatchPool) -> None:
        """Answer from `store`, doing slow work in `pool`."""
        self._store = store
        self._pool = pool

    async def predict(self, text: str) -> ServedPrediction:
        """Answer one text."""
        model = self._store.current()
        if not _is_quick(model, text):
            share = _share(model)
            (answer,) = await self._pool.run(lambda texts: _judged(model, texts), [text], share=share)
            return answer
        started = perf_counter()
        prediction = model.classifier.predict(text)
        return ServedPrediction(prediction, model, perf_counter() - started)

    async def predict_many(
        self, texts: Sequence[str], present: Callable[[str, ServedPrediction], T]
    ) -> tuple[BatchAnswer, list[T]]:
        """Answer many texts, in their order.

        Args:
            texts: the texts.
            present: makes of a text and its answer what will be shown, in the same thread: for a thousand
                texts that is work, too.
        """
        model = self._store.current()

        def judge(chunk: Sequence[str]) -> list[tuple[ServedPrediction, T]]:
            answers = _judged(model, chunk)
            return [(answer, present(text, answer)) for text, answer in zip(chunk, answers, strict=True)]

        judged = await self._pool.run(judge, texts)
        seconds = sum(answer.seconds for answer, _ in judged)
        batch = BatchAnswer([answer.prediction for answer, _ in judged], model, seconds)
        return batch, [shown for _, shown in judged]

    async def explain(self, text: str, present: Callable[[ExplainedAnswer], T]) -> tuple[ExplainedAnswer, T]:
        """Answer one text with what each part of it adds.

        Args:
            text: the text.
            present: makes of the answer what will be shown, in the same thread, as it is as much work.
        """
        model = self._store.current()

        def explain(texts: Sequence[str]) -> list[tuple[ExplainedAnswer, T]]:
            answer = explained(model, texts[0])
            return [(answer, present(answer))]

        if _is_quick(model, text):
            (result,) = explain([text])
        else:
            (result,) = await self._pool.run(explain, [text], share=_share(model))
        return result


def _is_quick(model: ServedModel, text: str) -> bool:
    """Tell whether one text may be answered on the event loop."""
    return model.kind in QUICK_KINDS and len(text) <= QUICK_CHARS


def _share(model: ServedModel) -> float:
    """Return which part of a batch's room one text takes up."""
    return LONG_TEXT_SHARE if model.kind in QUICK_KINDS else 1.0


def explained(model: ServedModel, text: str) -> ExplainedAnswer:
    """Answer one text with a model of the caller's choice."""
    started = perf_counter()
    explanation = model.classifier.explain(text)
    return ExplainedAnswer(explanation, model, perf_counter() - started)


def _judged(model: ServedModel, texts: Sequence[str]) -> list[ServedPrediction]:
    """Return an answer for each text; all are said to have taken the same time."""
    started = perf_counter()
    predictions = model.classifier.predict_many(texts)
    seconds = (perf_counter() - started) / max(1, len(texts))
    return [ServedPrediction(prediction, model, seconds) for prediction in predictions]
