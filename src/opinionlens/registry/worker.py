"""The child process behind ProcessRegistry: `python -m opinionlens.registry.worker`.

It answers the JSON lines described in `wire` with an MlflowRegistry. The address comes with the first line,
because it may hold a password and every user of the machine can see the arguments of a process. Credentials
and time limits reach MLflow through this process's own environment, the only place where it looks for them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from threading import Lock
from typing import Any, TextIO

from opinionlens.base.errors import OpinionLensError, RegistryError
from opinionlens.registry.port import Registry
from opinionlens.registry.wire import OPENING_ID, answer, error_as_dict

# Transfers must not keep the lists of the admin page waiting, nor lists a transfer.
_CONCURRENT_CALLS = 8
_CONCURRENT_TRANSFERS = 4
_TRANSFERS = frozenset({"download", "register", "copy_run"})

Write = Callable[[dict[str, Any]], None]

_answering: ContextVar[tuple[int, Write] | None] = ContextVar("_answering", default=None)


def serve(registry: Registry, requests: Iterable[str], write: Write) -> None:
    """Answer every request line, several at a time."""
    with ThreadPoolExecutor(_CONCURRENT_CALLS) as calls, ThreadPoolExecutor(_CONCURRENT_TRANSFERS) as long:
        for line in requests:
            request = json.loads(line)
            pool = long if request["method"] in _TRANSFERS else calls
            pool.submit(_serve_one, registry, request, write)


def report_progress() -> None:
    """Tell the parent that this thread's call goes on.

    Called after each answer of the registry's server.
    """
    if (call := _answering.get()) is not None:
        number, write = call
        write({"id": number, "progress": True})


def _serve_one(registry: Registry, request: dict[str, Any], write: Write) -> None:
    _answering.set((request["id"], write))
    try:
        reply = {"result": answer(registry, request["method"], request["arguments"])}
    except OpinionLensError as error:
        reply = {"error": error_as_dict(error)}
    except (
        Exception
    ) as error:  # any error of MLflow is an answer, too; without one the caller would wait in vain
        reply = {"error": error_as_dict(RegistryError(f"{type(error).__name__}: {error}"))}
    write({"id": request["id"], **reply})


def _line_writer(stream: TextIO) -> Write:
    lock = Lock()

    def write(reply: dict[str, Any]) -> None:
        line = json.dumps(reply)
        with lock:
            stream.write(line + "\n")
            stream.flush()

    return write


def main() -> None:
    """Serve a registry on standard input and output.

    The first line names it.
    """
    # What MLflow and its libraries print goes to standard error: the pipe carries our lines alone.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    write = _line_writer(replies)
    opening = sys.stdin.readline()
    if not opening:
        return
    from opinionlens.registry.mlflow import (
        MlflowRegistry,
    )  # here, so that the pipe is ours before MLflow can print

    try:
        registry = MlflowRegistry(**json.loads(opening)["arguments"], on_answer=report_progress)
    except OpinionLensError as error:
        write({"id": OPENING_ID, "error": error_as_dict(error)})
        return
    write({"id": OPENING_ID, "result": "ready"})
    serve(registry, sys.stdin, write)


if __name__ == "__main__":
    main()
