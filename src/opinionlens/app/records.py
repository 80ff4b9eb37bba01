"""The app's records: one database for each process, asked in threads of its own, and the prediction log."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

import structlog

from opinionlens.app.metrics import Metrics
from opinionlens.classifiers.classifier import Prediction
from opinionlens.errors import OpinionLensError
from opinionlens.serving.store import ServedModel
from opinionlens.settings import Settings
from opinionlens.storage.database import Database
from opinionlens.storage.errors import SchemaUnsupported, StorageError, StorageUnavailable
from opinionlens.storage.migrating import is_current, migrate
from opinionlens.storage.prediction_log import PredictionCounts, PredictionLog
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.retention import Retention, delete_expired

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4
# While the database is away each call holds a thread for seconds; whoever comes later hears so at once.
_MAX_WAITING = 64
_RETRY_SECONDS = 2.0
_RETENTION_SECONDS = 3_600.0

log = structlog.get_logger("records")


class Records:
    """The way from the event loop to the database. The app answers without it, as long as it may take.

    Nothing is opened before `start`. Then a thread makes or changes the tables, again and again until the
    database answers, and deletes every hour what is older than it may be.
    """

    def __init__(
        self,
        database: Database,
        *,
        keeps_texts: bool = False,
        retention: Retention | None = None,
        on_loss: Callable[[int], None] = lambda rows: None,
        on_write: Callable[[int], None] = lambda rows: None,
        on_word: Callable[[bool], None] = lambda answers: None,
    ) -> None:
        """Start nothing yet.

        Args:
            database: asked from several threads.
            keeps_texts: whether the prediction log stores texts, redacted.
            retention: the age at which rows go.
            on_loss: told how many rows of the prediction log were lost, each time, from any thread.
            on_write: told how many of them were written, in the same way.
            on_word: told after each question whether the database answered it, from any thread.
        """
        self.database = database
        self.problem: str | None = None  # why nothing can be recorded now, in words for the page
        self._retention = retention or Retention()
        self._keeps_texts = keeps_texts
        self._log = PredictionLog(database, keeps_text=keeps_texts, on_loss=on_loss, on_write=on_write)
        self._on_word = on_word
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="records")
        self._waiting = 0
        self._ending = threading.Event()
        self._ready = threading.Event()
        self._keeping = threading.Thread(target=self._keep, name="records-keeper", daemon=True)

    def start(self) -> None:
        """Begin to prepare the tables and to write what is logged."""
        self._log.start()
        self._keeping.start()

    def close(self) -> None:
        """Write what waits, as far as that goes in time, and close the database."""
        self._ending.set()
        self._log.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.database.close()

    @property
    def counts(self) -> PredictionCounts:
        """What became of the rows of the prediction log so far."""
        return self._log.counts

    @property
    def is_ready(self) -> bool:
        """Whether the tables are as this version of the code expects them."""
        return self._ready.is_set()

    async def run(
        self, work: Callable[Concatenate[Database, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return `work(database, …)`, done in a thread.

        Raises:
            StorageUnavailable: the database does not answer, or too many calls wait for it.
        """
        if self._waiting >= _MAX_WAITING:
            raise StorageUnavailable("Too many calls wait for the database.", remedy="Try again in a moment.")
        self._waiting += 1
        try:
            here = copy_context()  # so that what is logged in the thread carries the request's id
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(
                self._pool, lambda: here.run(work, self.database, *args, **kwargs)
            )
        except StorageUnavailable:
            self._on_word(False)
            raise
        else:
            self._on_word(True)
            return result
        finally:
            self._waiting -= 1

    def log_prediction(
        self, prediction_id: UUID, text: str, prediction: Prediction, model: ServedModel, seconds: float
    ) -> None:
        """Take in one answer; it is written soon, best effort. Costs a few microseconds.

        Args:
            prediction_id: given with the answer, so that feedback can name it.
            text: what was judged; stored, redacted, only where a setting says so.
            prediction: the answer.
            model: what answered.
            seconds: how long scoring took.
        """
        self._log.add(
            PredictionRow(
                id=prediction_id,
                at=datetime.now(UTC),
                model_name=model.name,
                model_version=model.version,
                text_hash=hash_text(text),
                length_chars=len(text),
                label=prediction.label,
                probabilities=prediction.probabilities,
                latency_seconds=seconds,
                text=text if self._keeps_texts else None,
            )
        )

    def _keep(self) -> None:
        """Prepare the tables, then look after them until the end."""
        while not self._prepared():
            if self._ending.wait(_RETRY_SECONDS):
                return
        while not self._ending.wait(_RETENTION_SECONDS):
            try:
                expired = delete_expired(self.database, self._retention)
                log.info("records.expired", rows=expired.predictions, texts=expired.prediction_texts)
            except StorageError as error:
                log.warning("records.not_expired", reason=str(error))

    def _prepared(self) -> bool:
        try:
            if not is_current(self.database):
                migrate(self.database.url.render_as_string(hide_password=False))
        except SchemaUnsupported as error:
            self._report(error)  # no retry helps, but the database may be put right under us
            return False
        except OpinionLensError as error:
            self._report(error)
            return False
        except Exception as error:  # whatever the driver raises, the app must go on answering
            log.exception("records.not_prepared")
            self.problem = f"The database cannot be prepared: {type(error).__name__}."
            return False
        self.problem = None
        self._on_word(True)
        self._ready.set()
        return True

    def _report(self, error: OpinionLensError) -> None:
        """Keep the reason for the page, and log it once, not at every try."""
        self._on_word(not isinstance(error, StorageUnavailable))
        words = " ".join(part for part in (error.what, error.remedy) if part)
        if words != self.problem:
            self.problem = words
            log.warning("records.not_prepared", reason=str(error))


def open_records(settings: Settings, metrics: Metrics) -> Records:
    """Return the records that the settings describe, and let them report; nothing is opened yet.

    Raises:
        SettingsInvalid: the database's URL is of no kind that is supported.
    """
    privacy = settings.privacy
    retention = Retention(
        prediction_texts=timedelta(days=privacy.texts_days),
        predictions=timedelta(days=privacy.predictions_days),
    )
    database = Database(settings.database.url.get_secret_value())
    return Records(
        database,
        keeps_texts=privacy.keep_texts,
        retention=retention,
        on_loss=metrics.count_lost_predictions,
        on_write=metrics.count_written_predictions,
        on_word=metrics.set_database_up,
    )
