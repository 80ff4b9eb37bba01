"""A background writer of prediction rows.

Best effort and bounded; it never holds up a prediction, and every lost row is counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import structlog

from opinionlens.base.turns import urgent_work
from opinionlens.storage import predictions
from opinionlens.storage.columns import utc_now
from opinionlens.storage.database import Database
from opinionlens.storage.errors import StorageUnavailable
from opinionlens.storage.predictions import PredictionRow
from opinionlens.storage.redaction import redact
from opinionlens.storage.served_words import ServedSums, ServedWords

# One transaction's worth: larger ones are hardly faster, and hold SQLite's write lock longer.
_ROWS_AT_ONCE = 1_000
# Sums are written whole each time, and read when their hour is over; those of a crash are lost.
_SUMS_SECONDS = 60.0

_Waiting = tuple[PredictionRow, ServedWords | None]

log = structlog.get_logger("storage")


@dataclass(frozen=True, slots=True)
class PredictionCounts:
    """Numbers of rows written, lost and waiting.

    Rows in none of the three are being written now.
    """

    written: int
    lost: int
    waiting: int


class PredictionLog:
    """A bounded buffer that a thread empties into the database.

    Rows wait through an outage until the buffer is full, then new ones are lost. One log belongs to one
    process: start it after the fork.
    """

    def __init__(
        self,
        database: Database,
        *,
        keeps_text: bool,
        max_rows: int = 20_000,
        max_chars: int = 20_000_000,
        flush_seconds: float = 1.0,
        on_loss: Callable[[int], None] = lambda rows: None,
        on_lost_sums: Callable[[int], None] = lambda texts: None,
        on_write: Callable[[int], None] = lambda rows: None,
        on_word: Callable[[StorageUnavailable | None], None] = lambda error: None,
    ) -> None:
        """Start nothing yet.

        Args:
            database: where the rows go.
            keeps_text: whether texts are stored (redacted) or dropped at once.
            max_rows: rows that may wait, 20 seconds at 1,000 a second.
            max_chars: characters of texts that may wait; beyond, the words of a text are left out.
            flush_seconds: how long a row waits at most while the database answers.
            on_loss: told how many rows were lost, each time; called from any thread.
            on_lost_sums: told how many texts were in hourly sums that were lost, each time; from any thread.
            on_write: told how many rows were written, each time; called from the log's thread.
            on_word: told after each write why it failed, or None; called from the log's thread.
        """
        self._database = database
        self._keeps_text = keeps_text
        self._max_rows = max_rows
        self._max_chars = max_chars
        self._flush_seconds = flush_seconds
        self._on_loss = on_loss
        self._on_write = on_write
        self._on_word = on_word
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._given_up = False
        self._is_interrupted = False
        self._rows: list[_Waiting] = []
        self._sums = ServedSums(database, on_loss=on_lost_sums)
        self._sums_at = 0.0
        self._chars = 0
        self._written = 0
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)

    def start(self) -> None:
        """Begin to empty the buffer."""
        self._thread.start()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close with the usual time limit."""
        self.close()

    @property
    def counts(self) -> PredictionCounts:
        """Numbers of rows written, lost and waiting so far."""
        with self._lock:
            return PredictionCounts(self._written, self._lost, len(self._rows))

    def add(self, row: PredictionRow, words: ServedWords | None = None) -> None:
        """Take a row, with its text still unredacted.

        Never waits, never raises; fit for the event loop. The `words` are kept until the thread has counted
        them.
        """
        if not self._keeps_text and row.text is not None:
            row = replace(row, text=None)
        with self._lock:
            chars = _chars_of(row, words)
            if words is not None and self._chars + chars > self._max_chars:
                words = None
                chars = _chars_of(row, None)
            has_room = len(self._rows) < self._max_rows and self._chars + chars <= self._max_chars
            is_taken = has_room and not self._closing
            if is_taken:
                self._rows.append((row, words))
                self._chars += chars
            is_much = len(self._rows) >= _ROWS_AT_ONCE
        if not is_taken:
            self._lose(1)
        elif is_much and not self._is_interrupted:
            self._wake.set()

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Write the waiting rows, then stop.

        Rows that cannot be written in time, and rows added later, count as lost.
        """
        with self._lock:
            self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)
        with self._lock:
            self._given_up = True
            left, self._rows, self._chars = self._rows, [], 0
        self._lose(len(left))
        if not self._thread.is_alive():
            self._sums.give_up()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._wake.wait(self._flush_seconds)
            self._wake.clear()
            is_last = self._closing  # read before the flush, so that this one finds all that was taken in
            self._flush()
            if is_last or time.monotonic() >= self._sums_at:
                self._sums_at = time.monotonic() + _SUMS_SECONDS
                self._write_sums()

    def _flush(self) -> None:
        """Write the rows that wait, unless the database fails.

        Those that come meanwhile are left for the next turn, which costs less than many small transactions.
        In an outage the rows go back into the buffer, and the next turn tries again.
        """
        is_full = answers = True
        while is_full and answers and (taken := self._take(_ROWS_AT_ONCE)):
            is_full = len(taken) == _ROWS_AT_ONCE
            with urgent_work():
                answers = self._write(self._counted(taken))

    def _write(self, batch: list[PredictionRow]) -> bool:
        """Write rows; return whether the database answered.

        Where it did not, they are put back.
        """
        try:
            predictions.write(self._database, self._redacted(batch))
        except StorageUnavailable as error:
            if not self._is_interrupted:  # said once, not every second
                log.warning("predictions.waiting", rows=len(batch), reason=str(error))
            self._is_interrupted = True
            self._put_back(batch)
            self._on_word(error)
            return False
        except Exception as error:  # whatever it is, the thread must live and the loss be counted
            # Only its kind: PostgreSQL's words repeat the row.
            log.error("predictions.lost", rows=len(batch), kind=type(error).__name__)
            self._lose(len(batch))
        else:
            self._is_interrupted = False
            with self._lock:
                self._written += len(batch)
            self._on_write(len(batch))
            self._on_word(None)
        return True

    def _write_sums(self) -> None:
        """Write the hourly sums; they wait through an outage."""
        try:
            self._sums.write(utc_now())
        except StorageUnavailable as error:
            self._on_word(error)
        except Exception as error:  # the thread must live
            log.error("drift_sums.lost", kind=type(error).__name__)
            self._sums.give_up()

    def _counted(self, taken: Sequence[_Waiting]) -> list[PredictionRow]:
        """Count and forget the words of served texts."""
        try:
            return self._sums.add(taken)
        except Exception as error:  # whatever is wrong with a model's reference, the rows must be written
            log.error("drift_sums.not_counted", texts=len(taken), kind=type(error).__name__)
            return [row for row, _ in taken]

    def _redacted(self, rows: Sequence[PredictionRow]) -> list[PredictionRow]:
        return [row if row.text is None else replace(row, text=redact(row.text)) for row in rows]

    def _take(self, count: int) -> list[_Waiting]:
        with self._lock:
            batch, self._rows = self._rows[:count], self._rows[count:]
            self._chars -= sum(_chars_of(row, words) for row, words in batch)
        return batch

    def _put_back(self, batch: Sequence[PredictionRow]) -> None:
        """Put rows back at the front of the buffer.

        The oldest rows were accepted first, so they stay even if newer ones have filled the buffer. Their
        words were counted.
        """
        with self._lock:
            if not self._given_up:
                self._rows = [*((row, None) for row in batch), *self._rows]
                self._chars += sum(_chars_of(row, None) for row in batch)
                return
        self._lose(len(batch))

    def _lose(self, rows: int) -> None:
        if rows:
            with self._lock:
                self._lost += rows
            self._on_loss(rows)


def _chars_of(row: PredictionRow, words: ServedWords | None) -> int:
    return len(row.text or "") + (0 if words is None else words.chars)
