"""The database and prediction log of one process.

Calls run in threads of their own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID

import structlog

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.threads import DaemonThreads
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.prediction import Prediction
from opinionlens.storage.database import Database
from opinionlens.storage.database_state import DatabaseState, Side
from opinionlens.storage.errors import StorageError, StorageFault, StorageUnavailable
from opinionlens.storage.migrating import is_current, migrate
from opinionlens.storage.prediction_log import PredictionCounts, PredictionLog
from opinionlens.storage.predictions import PredictionRow, hash_text, logged_model
from opinionlens.storage.retention import Expired, Retention, delete_excess, delete_expired
from opinionlens.storage.served_words import ServedWords

P = ParamSpec("P")
T = TypeVar("T")

# For each side: readers do not queue behind writers that wait for a lock.
_THREADS = 4
# While the database is away each call holds a thread for seconds; later calls fail at once.
_MAX_WAITING = 64
# Longer than any call takes by the limits of `Database`; it counts where those fail, and in the queue.
_PATIENCE_SECONDS = 10.0
# Writes that are not waited for; beyond, they are left undone.
_MAX_LATER = 100
_RETRY_SECONDS = 2.0
_RETENTION_SECONDS = 3_600.0
# Between two looks at the number of rows, which grows by minutes, not by days.
_EXCESS_SECONDS = 300.0

log = structlog.get_logger("records")


class NamedModel(Protocol):
    """The name and version under which a model answers."""

    @property
    def name(self) -> str:
        """The registered name."""

    @property
    def version(self) -> int | str | None:
        """The number of the version.

        Of a model from a folder the start of its digest; None for the fallback.
        """

    @property
    def classifier(self) -> Classifier:
        """The classifier in memory."""

    @property
    def folder(self) -> Path | None:
        """The folder of its artifact; None without one."""


class Records:
    """Access to the database from the event loop.

    The app predicts without it, however long an outage lasts.

    Nothing is opened before `start`. Then a thread makes or changes the tables, again and again until the
    database answers, and deletes expired rows every hour. When the database refuses for a reason that lasts,
    the thread looks again until it is mended.
    """

    def __init__(
        self,
        database: Database,
        *,
        keeps_texts: bool = False,
        retention: Retention | None = None,
        on_loss: Callable[[int], None] = lambda rows: None,
        on_lost_sums: Callable[[int], None] = lambda texts: None,
        on_write: Callable[[int], None] = lambda rows: None,
        on_word: Callable[[bool], None] = lambda answers: None,
        on_expiry: Callable[[Expired], None] = lambda expired: None,
    ) -> None:
        """Start nothing yet.

        Args:
            database: asked from several threads.
            keeps_texts: whether the prediction log stores texts, redacted.
            retention: the age at which rows go.
            on_loss: told how many rows of the prediction log were lost, each time, from any thread.
            on_lost_sums: told how many texts were in hourly sums that were lost, in the same way.
            on_write: told how many of them were written, in the same way.
            on_word: told after each question whether the database answered it, from any thread.
            on_expiry: told the numbers of rows deleted for their age or number, from a thread.
        """
        self.database = database
        self._state = DatabaseState()
        self._retention = retention or Retention()
        self._keeps_texts = keeps_texts
        self._log = PredictionLog(
            database,
            keeps_text=keeps_texts,
            on_loss=on_loss,
            on_lost_sums=on_lost_sums,
            on_write=on_write,
            on_word=self._note_log,
        )
        self._on_word = on_word
        self._on_expiry = on_expiry
        self._lanes: dict[Side, _Lane] = {"reading": _Lane("reading"), "writing": _Lane("writing")}
        self._later: set[asyncio.Task[None]] = set()
        self._ending = threading.Event()
        self._doubt = threading.Event()  # set when the database must be looked at before its time
        self._ready = threading.Event()
        self._keeping = threading.Thread(target=self._keep, name="records-keeper", daemon=True)

    def start(self) -> None:
        """Begin to prepare the tables and write the log."""
        self._log.start()
        self._keeping.start()

    def close(self) -> None:
        """Write waiting rows within the time limit, then close."""
        self._ending.set()
        self._doubt.set()
        self._log.close()
        for lane in self._lanes.values():
            lane.threads.shutdown(wait=False, cancel_futures=True)
        self.database.close()

    @property
    def problem(self) -> str | None:
        """The database's present problem in words, or None."""
        return self._state.problem

    @property
    def keeps_texts(self) -> bool:
        """Whether the prediction log stores texts."""
        return self._keeps_texts

    @property
    def counts(self) -> PredictionCounts:
        """Numbers of prediction rows written, lost and waiting."""
        return self._log.counts

    @property
    def is_ready(self) -> bool:
        """Whether the tables have this version's schema."""
        return self._ready.is_set()

    async def read(
        self, work: Callable[Concatenate[Database, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `work(database, …)`, which changes nothing, done in a thread.

        Raises:
            StorageUnavailable: the database does not answer in time, or too many calls wait for it.
        """
        return await self._ask("reading", lambda: work(self.database, *args, **kwargs))

    async def write(
        self, work: Callable[Concatenate[Database, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `work(database, …)`, which may write, done in a thread.

        Raises:
            StorageUnavailable: as `read`; the change may still come about where only the answer is late.
        """
        return await self._ask("writing", lambda: work(self.database, *args, **kwargs))

    def write_later(
        self, work: Callable[Concatenate[Database, P], object], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Begin `work(database, …)` and do not wait for it.

        Best effort, for changes on which no answer depends.
        """
        if len(self._later) >= _MAX_LATER:
            return

        async def attempt() -> None:
            try:
                await self.write(work, *args, **kwargs)
            except StorageError as error:
                log.debug("records.not_written", reason=str(error))

        task = asyncio.get_running_loop().create_task(attempt())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _ask(self, side: Side, work: Callable[[], T]) -> T:
        lane = self._lanes[side]
        try:
            result = await lane.run(work)
        except StorageUnavailable as error:
            self._note(side, error)
            raise
        self._note(side, None)
        return result

    def _note(self, side: Side, error: StorageUnavailable | None) -> None:
        """Note the outcome of a call, from any thread."""
        self._on_word(error is None)
        if error is None:
            self._state.note_success(side)
            return
        self._state.note_error(side, error)
        if side == "writing" or isinstance(error, StorageFault):
            self._doubt.set()

    def _note_log(self, error: StorageUnavailable | None) -> None:
        self._note("writing", error)

    def log_prediction(
        self, prediction_id: UUID, text: str, prediction: Prediction, model: NamedModel, seconds: float
    ) -> None:
        """Log one prediction, best effort.

        It is written soon; the call itself costs a few microseconds.

        Args:
            prediction_id: given with the prediction, so that feedback can name it.
            text: the text; stored, redacted, only where a setting says so. Its words are counted and let go.
            prediction: the prediction itself.
            model: the model that predicted.
            seconds: how long the prediction took.
        """
        name, version = logged_model(model.name, model.version)
        self._log.add(
            PredictionRow(
                id=prediction_id,
                at=datetime.now(UTC),
                model_name=name,
                model_version=version,
                text_hash=hash_text(text),
                length_chars=len(text),
                label=prediction.label,
                probabilities=prediction.probabilities,
                latency_seconds=seconds,
                text=text if self._keeps_texts else None,
            ),
            None if model.folder is None else ServedWords(text, prediction.tokens, model),
        )

    def _keep(self) -> None:
        """Prepare the tables, then look after them until the end."""
        now = time.monotonic()
        sweep_at, trim_at = now + _RETENTION_SECONDS, now + _EXCESS_SECONDS
        while not self._ending.is_set():
            self._doubt.clear()
            if not self._prepare():
                self._ending.wait(_RETRY_SECONDS)
                continue
            if self._state.has_problem("writing") or self._state.has_problem("reading"):
                self._ending.wait(_RETRY_SECONDS)
                self._try_again()
            elif not self._doubt.wait(min(sweep_at, trim_at) - time.monotonic()):
                trim_at = time.monotonic() + _EXCESS_SECONDS
                if time.monotonic() < sweep_at:
                    self._delete(self._excess)
                else:
                    sweep_at = time.monotonic() + _RETENTION_SECONDS
                    self._delete(lambda: delete_expired(self.database, self._retention))

    def _prepare(self) -> bool:
        """Migrate and check the tables; return whether they fit."""
        try:
            if not is_current(self.database):
                self._ready.clear()
                self._make_tables()
            self.database.check_tables()
        except OpinionLensError as error:
            self._on_word(not isinstance(error, StorageUnavailable))
            self._state.note_error("tables", error)
            return False
        except Exception as error:  # whatever the driver raises, the app must go on answering
            log.exception("records.not_prepared")
            words = f"The database cannot be prepared: {type(error).__name__}."
            self._state.note_error("tables", StorageError(words))
            return False
        self._state.note_success("tables")
        self._on_word(True)
        self._ready.set()
        return True

    def _make_tables(self) -> None:
        """Migrate the tables, but replace no vanished file.

        Where a file was open and is gone, no empty one is made in its place.
        """
        if self.database.was_open and self.database.file is not None:
            self.database.ping()
        migrate(self.database.url.render_as_string(hide_password=False))

    def _try_again(self) -> None:
        """Check both sides again after a problem.

        Without it a repair would go unnoticed until the next request.
        """
        looks: dict[Side, Callable[[], None]] = {
            "reading": self.database.check_tables,
            "writing": self.database.check_writable,
        }
        for side, look in looks.items():
            try:
                look()
            except StorageUnavailable as error:
                self._state.note_error(side, error)
            else:
                self._state.note_success(side)

    def _excess(self) -> Expired:
        return Expired(predictions=delete_excess(self.database, self._retention.most_predictions))

    def _delete(self, work: Callable[[], Expired]) -> None:
        """Run a deletion, report it and free its space."""
        try:
            expired = work()
            went = {kind: rows for kind, rows in expired.by_kind().items() if rows}
            if went:
                log.info("records.expired", **went)
                self._on_expiry(expired)
            self.database.give_space_back()
        except StorageError as error:
            log.warning("records.not_expired", reason=str(error))


class _Lane:
    """The threads of one side, with their waiting calls."""

    def __init__(self, name: str) -> None:
        self.threads = DaemonThreads(_THREADS, f"records-{name}")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Return `work()`, done in a thread.

        Raises:
            StorageUnavailable: too many calls wait, or this one was not answered in time.
        """
        if self._waiting >= _MAX_WAITING:
            raise StorageUnavailable("Too many calls wait for the database.", remedy="Try again in a moment.")
        self._waiting += 1
        here = copy_context()  # so that what is logged in the thread carries the request's id
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self.threads, lambda: here.run(work))
        except TimeoutError as error:
            raise StorageUnavailable(
                "The database does not answer in time.", remedy="Try again in a moment."
            ) from error
        finally:
            self._waiting -= 1
