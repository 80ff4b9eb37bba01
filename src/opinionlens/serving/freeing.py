"""Freeing of replaced models in small slices.

Freeing half a million terms at once would hold up predictions.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

import structlog

from opinionlens.base.turns import give_way
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear.text_reading import TextReader
from opinionlens.serving.store import ServedModel

# A slice takes about 0.1 ms, and the pause lets another thread have the interpreter.
_TERMS_PER_SLICE = 1_000
_PAUSE_SECONDS = 0.001
# Requests that began with the old model end within this; longer ones free it themselves.
_WAIT_SECONDS = 60.0
_LOOK_SECONDS = 0.05

log = structlog.get_logger("serving")


class SlowFreeing:
    """A thread that frees unused models in small slices.

    It starts with the first model.
    """

    def __init__(self, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        """Wait at most `wait_seconds` for users of a model.

        After that the last of them frees it.
        """
        self._wait_seconds = wait_seconds
        self._queue: SimpleQueue[ServedModel] = SimpleQueue()
        self._starting = Lock()
        self._thread: Thread | None = None

    def __call__(self, model: ServedModel) -> None:
        """Free the model soon, without waiting.

        May be called from any thread.
        """
        self._queue.put(model)
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="freeing", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            model = self._queue.get()
            classifier = model.classifier
            deadline = time.monotonic() + self._wait_seconds
            # Of the model there is this frame's reference and that of the call; of the classifier also the
            # model's. Each further one belongs to a call that still uses it.
            while (in_use := sys.getrefcount(model) > 2 or sys.getrefcount(classifier) > 3) and (
                time.monotonic() < deadline
            ):
                time.sleep(_LOOK_SECONDS)
            if not in_use:
                entries = sum(map(_empty, vocabularies(classifier)))
                log.debug("model.freed", name=model.name, version=model.version, entries=entries)
            del model, classifier  # or they would wait here for the next one


def vocabularies(classifier: Classifier) -> Iterator[dict[str, Any]]:
    """Yield the large tables of a classifier."""
    reader = getattr(classifier, "reader", None)
    if isinstance(reader, TextReader):
        for rows in (reader.words, reader.chars):
            if rows is not None:
                yield from rows.tables()


def _empty(table: dict[str, Any]) -> int:
    entries = len(table)
    while table:
        for _ in range(min(_TERMS_PER_SLICE, len(table))):
            table.popitem()
        time.sleep(_PAUSE_SECONDS)
        give_way()
    return entries
