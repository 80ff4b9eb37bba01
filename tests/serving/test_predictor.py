"""The predictor: quick kinds on the loop, slow ones in threads, one model per answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from uuid import UUID

import pytest

from opinionlens.base.errors import ModelNotAvailableError, ServingBusy
from opinionlens.classifiers.prediction import Prediction
from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.predictor import ExplainedAnswer, Predictor, ServedPrediction
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.text.labels import Label


class Witness:
    """A classifier that notes the thread it is called in; its label never changes."""

    def __init__(self, kind: str, label: Label = Label.NEUTRAL) -> None:
        self.manifest = SimpleNamespace(kind=kind)
        self.threads: list[threading.Thread] = []
        self.label = label
        self.after: Callable[[], object] = lambda: None

    def predict(self, text: str) -> Prediction:
        self.threads.append(threading.current_thread())
        return Prediction(self.label, 1.0, (0.0, 1.0, 0.0))

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        answers = [self.predict(text) for text in texts]
        self.after()
        return answers

    def explain(self, text: str) -> str:
        self.threads.append(threading.current_thread())
        return f"because {text}"


def label_of(text: str, answer: ServedPrediction) -> str:
    return answer.prediction.label.value


@pytest.fixture
def pool() -> Iterator[BatchPool]:
    pool = BatchPool(threads=1, queue=2)
    yield pool
    pool.close()


def predictor_of(store: ModelStore, pool: BatchPool, classifier: Witness) -> Predictor:
    store.fallback = ServedModel(classifier, "witness")  # type: ignore[arg-type]
    return Predictor(store, pool)


@pytest.mark.parametrize(("kind", "on_the_loop"), [("linear", True), ("lexicon", True), ("skops", False)])
def test_one_text_is_answered_on_the_loop_only_by_quick_kinds(
    store: ModelStore, pool: BatchPool, kind: str, on_the_loop: bool
) -> None:
    witness = Witness(kind)
    answer = asyncio.run(predictor_of(store, pool, witness).predict("hello"))
    assert (witness.threads[0] is threading.main_thread()) is on_the_loop
    assert (answer.prediction.label, answer.model.name) == (Label.NEUTRAL, "witness")
    assert answer.seconds >= 0


@pytest.mark.parametrize(("chars", "on_the_loop"), [(1_000, True), (1_001, False)])
@pytest.mark.parametrize("kind", ["linear", "lexicon"])
def test_a_long_text_never_runs_on_the_loop(
    store: ModelStore, pool: BatchPool, kind: str, chars: int, on_the_loop: bool
) -> None:
    witness = Witness(kind)
    asyncio.run(predictor_of(store, pool, witness).predict("x" * chars))
    assert (witness.threads[0] is threading.main_thread()) is on_the_loop


@pytest.mark.parametrize("kind", ["linear", "skops"])
def test_single_texts_wait_in_greater_number_than_batches(
    store: ModelStore, pool: BatchPool, kind: str
) -> None:
    witness, gate = Witness(kind), threading.Event()
    witness.after = lambda: gate.wait(30)
    predictor = predictor_of(store, pool, witness)

    async def crowd() -> None:
        waiting = [asyncio.create_task(predictor.predict("x" * 2_000)) for _ in range(24)]
        await asyncio.sleep(0)
        with pytest.raises(ServingBusy):
            await predictor.predict("x" * 2_000)
        assert (await predictor.predict("short")).model.name == "witness" if kind == "linear" else True
        gate.set()
        await asyncio.gather(*waiting)

    asyncio.run(crowd())


def test_batches_never_run_on_the_loop(store: ModelStore, pool: BatchPool) -> None:
    witness = Witness("linear")

    def present(text: str, answer: ServedPrediction) -> tuple[str, UUID]:
        witness.threads.append(threading.current_thread())
        return text, answer.id

    texts = [f"a{number}" for number in range(51)]
    answer, shown = asyncio.run(predictor_of(store, pool, witness).predict_many(texts, present))
    assert threading.main_thread() not in witness.threads
    assert len(answer.predictions) == len(texts)
    assert [text for text, _ in shown] == texts
    assert len({ident for _, ident in shown}) == len(texts)


@pytest.mark.parametrize(
    ("kind", "length", "on_the_loop"),
    [
        ("linear", 1_000, True),
        ("linear", 1_001, False),
        ("skops", 1, False),
    ],
)
def test_long_explanations_leave_the_loop(
    store: ModelStore, pool: BatchPool, kind: str, length: int, on_the_loop: bool
) -> None:
    witness = Witness(kind)
    threads: list[threading.Thread] = []

    def present(answer: ExplainedAnswer) -> str:
        threads.append(threading.current_thread())
        return f"{answer.explanation}!"

    answer, shown = asyncio.run(predictor_of(store, pool, witness).explain("x" * length, present))
    assert witness.threads == threads
    assert (threads[0] is threading.main_thread()) is on_the_loop
    assert shown == f"{answer.explanation}!" == "because " + "x" * length + "!"  # type: ignore[comparison-overlap]


def test_a_batch_is_answered_by_one_model_though_it_is_swapped_half_way(
    store: ModelStore, pool: BatchPool
) -> None:
    first, second = Witness("linear", Label.NEGATIVE), Witness("linear", Label.POSITIVE)
    predictor = predictor_of(store, pool, first)
    first.after = lambda: store.activate(ServedModel(second, "second"))  # type: ignore[arg-type]
    answer, _ = asyncio.run(predictor.predict_many(["x"] * 150, label_of))
    assert {prediction.label for prediction in answer.predictions} == {Label.NEGATIVE}
    assert answer.model.name == "witness"
    assert store.current().name == "second"


def test_nothing_to_answer_with_is_said(store: ModelStore, pool: BatchPool) -> None:
    predictor = Predictor(store, pool)
    for work in (
        predictor.predict("a"),
        predictor.predict_many(["a"], label_of),
        predictor.explain("a", str),
    ):
        with pytest.raises(ModelNotAvailableError):
            asyncio.run(work)  # type: ignore[arg-type]


def test_a_real_model_answers_the_same_alone_and_in_a_batch(
    store: ModelStore, pool: BatchPool, registry: MemoryRegistry, kind_version: Version
) -> None:
    store.activate(store.load(kind_version, registry))
    predictor = Predictor(store, pool)
    texts = ["great", "so so", "", "great great"]

    async def ask() -> None:
        batch, _ = await predictor.predict_many(texts, label_of)
        singles = [(await predictor.predict(text)).prediction for text in texts]
        assert [one.label for one in batch.predictions] == [one.label for one in singles]

    asyncio.run(ask())


def test_a_classifier_that_loses_a_text_is_found_out(store: ModelStore, pool: BatchPool) -> None:
    class Forgetful(Witness):
        def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
            return super().predict_many(texts)[1:]

    with pytest.raises(ValueError, match="zip"):
        asyncio.run(predictor_of(store, pool, Forgetful("linear")).predict_many(["a", "b"], label_of))
