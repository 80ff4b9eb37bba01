"""Evaluation of a version on a labelled file.

It runs in the pool for batches, one file at a time, with a time limit.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

from opinionlens.base.errors import InputError, OpinionLensError, ServingBusy
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.prediction import Prediction
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.tabular.formats import FormatKind, format_of
from opinionlens.text import vader
from opinionlens.web.services.asked_models import AskedModels

if TYPE_CHECKING:  # what reads tables is imported with the first of them, not at the start
    from opinionlens.datasets.own_rows import OwnRows, Wanted
    from opinionlens.evaluation.own_data import Answers
    from opinionlens.evaluation.own_data_report import OwnDataReport

T = TypeVar("T")

MAX_ROWS = 5_000
LONGEST_SECONDS = 60.0
ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json")

_UNUSUAL = re.compile(r"[^\w.-]+")
_MOST_NAME_CHARS = 80


class EvaluationTooLong(OpinionLensError):
    """Evaluation that takes longer than the app allows."""

    status = 422


@dataclass(frozen=True, slots=True)
class EvaluationOrder:
    """A file and the model to measure on it.

    `model` is the id of a version, `active` or `lexicon`.
    """

    file_name: str
    content: bytes
    model: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class _Asked:
    """Predictions of one model under the name to show."""

    name: str
    manifest: Manifest
    predictions: list[Prediction]

    def as_answers(self) -> Answers:
        from opinionlens.bulk.labelled_rows import answers_of

        return answers_of(self.name, self.manifest, self.predictions)


class Evaluations:
    """Evaluation of versions in threads, one at a time.

    Belongs to the event loop.
    """

    def __init__(
        self,
        store: ModelStore,
        models: AskedModels,
        pool: BatchPool,
        *,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        """Measure the models that can be asked for by name."""
        self._store = store
        self._models = models
        self._pool = pool
        self._longest_seconds = longest_seconds
        self._is_busy = False

    async def measure(self, order: EvaluationOrder) -> OwnDataReport:
        """Return the report of the version on the file.

        Nothing is kept, logged or counted as a prediction.

        Raises:
            InputError: the file cannot be read, or its labels are not understood.
            ModelNotLoaded: there is no such version here.
            ArtifactError: it may not serve.
            ServingBusy: another file is being measured on, or the pool is full.
            EvaluationTooLong: it took too long; work already begun ends in the background.
        """
        _check_format(order.file_name)
        if self._is_busy:
            raise ServingBusy("Another file is being evaluated.", remedy="Try again in a minute.")
        self._is_busy = True
        try:
            async with asyncio.timeout(self._longest_seconds):
                return await self._measure(order)
        except TimeoutError:
            raise EvaluationTooLong(
                f"The evaluation took more than {self._longest_seconds:.0f} seconds.",
                remedy="Take fewer rows, or use `opinionlens evaluate` on the command line.",
            ) from None
        finally:
            self._is_busy = False

    async def _measure(self, order: EvaluationOrder) -> OwnDataReport:
        model = await self._models.find(order.model)
        own = await self._aside(lambda: _read(order))
        answers = await self._asked(model, own.texts)
        active = self._store.active
        is_other = active is not None and active.digest != model.digest
        champion = await self._asked(active, own.texts, " (active)") if active and is_other else None
        compounds = await self._pool.run(lambda texts: [vader.compound(text) for text in texts], own.texts)
        return await self._aside(lambda: _report(own, answers, champion, compounds, active, order.wanted))

    async def _asked(self, model: ServedModel, texts: Sequence[str], called: str = "") -> _Asked:
        def predict(part: Sequence[str]) -> list[Prediction]:
            return model.classifier.predict_many(part)

        name = model.name if model.version is None else f"{model.name} {model.version}"
        predictions = await self._pool.run(predict, texts)
        return _Asked(name + called, model.classifier.manifest, predictions)

    async def _aside(self, work: Callable[[], T]) -> T:
        """Return `work()`, done in the pool as one piece."""
        (result,) = await self._pool.run(lambda _: [work()], [""])
        return result


def _check_format(file_name: str) -> None:
    form = format_of(PurePath(file_name))
    if form.packing or form.kind is FormatKind.PARQUET:
        raise InputError(
            f"Here a file may end in {' '.join(ENDINGS)}.",
            remedy="Unpack it, or use `opinionlens evaluate` on the command line, which reads more formats.",
        )


def _report(
    own: OwnRows,
    answers: _Asked,
    champion: _Asked | None,
    compounds: Sequence[float],
    active: ServedModel | None,
    wanted: Wanted,
) -> OwnDataReport:
    from opinionlens.bulk.labelled_rows import facts_of, rows_of
    from opinionlens.evaluation.own_data import measured

    return measured(
        facts_of(own),
        rows_of(own),
        answers.as_answers(),
        compounds=compounds,
        champion=champion.as_answers() if champion else None,
        without_champion=None if active else "No trained version is active yet.",
        seed=wanted.seed,
    )


def _read(order: EvaluationOrder) -> OwnRows:
    from opinionlens.datasets.own_rows import read_own_rows

    if not order.content:
        raise InputError("The file is empty.", remedy="Choose one with a header and labelled rows.")
    name = _UNUSUAL.sub("_", PurePath(order.file_name).name)[-_MOST_NAME_CHARS:]
    with tempfile.TemporaryDirectory(prefix="opinionlens-") as folder:
        path = Path(folder) / f"_{name}" if name.startswith(".") else Path(folder) / name
        path.write_bytes(order.content)
        return read_own_rows(path, order.wanted)
