"""Predictions with the active model.

Short work runs on the event loop, the rest in threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar
from uuid import UUID

from opinionlens.classifiers.explanation import Explanation
from opinionlens.classifiers.prediction import Prediction
from opinionlens.serving.batching import CHUNK_ITEMS, BatchPool
from opinionlens.serving.idents import Idents
from opinionlens.serving.store import ModelStore, ServedModel

T = TypeVar("T")

# Kinds that answer a short text in well under a millisecond; a hop to a thread, 0.1 ms, would be felt.
QUICK_KINDS = frozenset({"linear", "lexicon", "fasttext"})
# Those of them that explain as quickly; the others ask their model once for each word.
QUICKLY_EXPLAINED_KINDS = frozenset({"linear", "lexicon"})
# Up to this length. 10,000 characters take 2 ms, the worst of them or an explanation many times that:
# other requests would feel it.
QUICK_CHARS = 1_000
# A slow kind gives way to other batches more often: fifty long texts take it seconds.
SLOW_CHUNK_ITEMS = 8

_idents = Idents()


@dataclass(frozen=True, slots=True)
class ServedPrediction:
    """One prediction with its model, time and id.

    Feedback names the prediction by the id.
    """

    prediction: Prediction
    model: ServedModel
    seconds: float
    id: UUID = field(default_factory=_idents.new_uuid)


@dataclass(frozen=True, slots=True)
class ExplainedAnswer:
    """One prediction with its explanation, model, time and id.

    Feedback names the prediction by the id.
    """

    explanation: Explanation
    model: ServedModel
    seconds: float
    id: UUID = field(default_factory=_idents.new_uuid)

    @property
    def prediction(self) -> Prediction:
        """The explained prediction."""
        return self.explanation.prediction


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """Predictions of one model for many texts.

    `seconds` is the time for all of them.
    """

    predictions: list[Prediction]
    model: ServedModel
    seconds: float


class Predictor:
    """Predictions and explanations with the active model.

    Each call uses one model to its end, also while another one is activated. Every method raises
    ModelNotAvailableError while nothing can answer, and ServingBusy under too much load.
    """

    def __init__(self, store: ModelStore, pool: BatchPool) -> None:
        """Answer from `store`, doing slow work in `pool`."""
        self._store = store
        self._pool = pool

    async def predict(self, text: str) -> ServedPrediction:
        """Predict one text."""
        model = self._store.current()
        if not _is_quick(model, text):
            return await self._pool.run_single(lambda: _predicted(model, text))
        return _predicted(model, text)

    def predict_at_once(self, text: str) -> ServedPrediction | None:
        """Predict one text on the event loop.

        None where that would hold up other requests: `predict` then does it elsewhere.
        """
        model = self._store.current()
        return _predicted(model, text) if _is_quick(model, text) else None

    async def predict_many(
        self, texts: Sequence[str], present: Callable[[str, ServedPrediction], T]
    ) -> tuple[BatchAnswer, list[T]]:
        """Predict many texts, in their order.

        Args:
            texts: the texts.
            present: turns a text and its prediction into the form to show, in the same thread: for a
                thousand texts that is work, too.
        """
        model = self._store.current()

        def predict(chunk: Sequence[str]) -> list[tuple[ServedPrediction, T]]:
            answers = _predict_chunk(model, chunk)
            return [(answer, present(text, answer)) for text, answer in zip(chunk, answers, strict=True)]

        chunk_items = CHUNK_ITEMS if model.kind in QUICK_KINDS else SLOW_CHUNK_ITEMS
        predicted = await self._pool.run(predict, texts, chunk_items=chunk_items)
        seconds = sum(answer.seconds for answer, _ in predicted)
        batch = BatchAnswer([answer.prediction for answer, _ in predicted], model, seconds)
        return batch, [shown for _, shown in predicted]

    async def explain(self, text: str, present: Callable[[ExplainedAnswer], T]) -> tuple[ExplainedAnswer, T]:
        """Predict one text, with each part's contribution.

        Args:
            text: the text.
            present: turns the explanation into the form to show, in the same thread, as it is as much work.
        """
        model = self._store.current()

        def explain(texts: Sequence[str]) -> list[tuple[ExplainedAnswer, T]]:
            answer = explained(model, texts[0])
            return [(answer, present(answer))]

        if model.kind not in QUICKLY_EXPLAINED_KINDS:
            (result,) = await self._pool.run(explain, [text])
            return result
        if _is_quick(model, text):
            return explain([text])[0]
        return await self._pool.run_single(lambda: explain([text])[0])


def _is_quick(model: ServedModel, text: str) -> bool:
    """Tell whether one text may run on the event loop."""
    return model.kind in QUICK_KINDS and len(text) <= QUICK_CHARS


def _predicted(model: ServedModel, text: str) -> ServedPrediction:
    started = perf_counter()
    prediction = model.classifier.predict(text)
    return ServedPrediction(prediction, model, perf_counter() - started)


def explained(model: ServedModel, text: str) -> ExplainedAnswer:
    """Explain one text with a model of the caller's choice."""
    started = perf_counter()
    explanation = model.classifier.explain(text)
    return ExplainedAnswer(explanation, model, perf_counter() - started)


def _predict_chunk(model: ServedModel, texts: Sequence[str]) -> list[ServedPrediction]:
    """Predict each text, with the mean time for each."""
    started = perf_counter()
    predictions = model.classifier.predict_many(texts)
    seconds = (perf_counter() - started) / max(1, len(texts))
    return [ServedPrediction(prediction, model, seconds) for prediction in predictions]
