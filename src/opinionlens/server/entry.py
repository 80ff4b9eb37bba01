"""Entry points of the server for uvicorn.

uvicorn --factory opinionlens.server.entry:build_app --no-access-log
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opinionlens.base.collecting import collect_rarely, no_collections

if TYPE_CHECKING:
    from fastapi import FastAPI


def build_app() -> FastAPI:
    """Build the app from the environment for a single process.

    Raises:
        SettingsInvalid: the environment holds an unknown, impossible or unsafe value.
        SchemaUnsupported: the database belongs to a newer version.
    """
    with _starting():
        from opinionlens.server.assembly import app_alone

        return app_alone()


def build_worker_app() -> FastAPI:
    """Build the app for one worker of several.

    The parent process has prepared the database.

    The worker ends with its parent, even where that is killed, so that no orphan keeps the port. Invalid
    settings end it with a status that tells the parent not to try again.
    """
    _end_with_parent()
    with _starting():
        from opinionlens.server.assembly import app_of_worker

        return app_of_worker()


@contextmanager
def _starting() -> Iterator[None]:
    """Spare all that the block makes from garbage collection.

    None runs before either: the little garbage of the imports is not worth it.
    """
    with no_collections():
        yield
        collect_rarely()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
