"""Structured logs, configured once by an entry point.

Every line has a time, a level, an event and, while a request is handled, its id. No line holds a text that a
person sent: not as a field, not in an address, not in the message of an exception that it may have caused.
"""

from __future__ import annotations

import json as json_module
import logging
import sys
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TextIO

import structlog
from pydantic_core import to_json
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from opinionlens.base.errors import OpinionLensError

# The id of the request being handled in this task, or None outside of one.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
# The code of the failure that this request is answered with, for the line about it.
failure_code: ContextVar[str | None] = ContextVar("failure_code", default=None)

_FRAMES_KEPT = 30


def configure_logging(level: str, *, json: bool | None = None, stream: TextIO | None = None) -> None:
    """Send our log lines and those of libraries to `stream`.

    All have one shape; the default stream is stderr.

    Args:
        level: least severe level that is kept.
        json: one JSON object per line, else lines for people; by default lines for people on a terminal only.
        stream: where to write, for tests.
    """
    stream = stream or sys.stderr
    as_json = not stream.isatty() if json is None else json
    number = logging.getLevelNamesMapping()[level]
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        _with_request_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _with_exception,
    ]
    renderer = _as_json if as_json else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging(number, shared, renderer, stream)


class EventLines:
    """Lines of finished events, many of them written at once.

    In the form for which logging is configured when the first are written, as loggers do it. A call of a
    logger takes a lock, a write and a flush for each line; this takes them for all together.
    """

    def __init__(self) -> None:
        """Bind to no configuration yet."""
        self._write: Callable[[Iterable[EventDict]], None] | None = None

    def write(self, events: Iterable[EventDict]) -> None:
        """Write events of level INFO.

        Complete: with their time, level and request id, in the order of a logger's own lines.
        """
        if self._write is None:
            self._write = _writer()
        self._write(events)


def _writer() -> Callable[[Iterable[EventDict]], None]:
    """Return a function that writes events as logging is configured."""
    chosen = structlog.get_config()
    render, output = chosen["processors"][-1], chosen["logger_factory"]()
    if not structlog.get_logger().is_enabled_for(logging.INFO):
        return lambda events: None
    return lambda events: output.msg("\n".join(str(render(None, "info", event)) for event in events))


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    """Format one line as JSON.

    Pydantic's writer takes a third of the time of the standard one.
    """
    try:
        return to_json(event, fallback=repr).decode()
    except ValueError:  # half of a surrogate pair: the standard writer escapes it
        return json_module.dumps(event, default=repr)


def _adopt_standard_logging(
    number: int, shared: list[Processor], renderer: Processor, stream: TextIO
) -> None:
    """Format the logs of libraries in the same shape.

    Uvicorn's access log is silenced: its lines hold the query string, and with `GET …/predict?text=` that is
    the text of a person.
    """
    handler = logging.StreamHandler(stream)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared], processors=[remove_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Information of other libraries is detail here; their warnings matter.
    root.setLevel(max(number, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
    logging.getLogger("uvicorn").setLevel(number)
    logging.getLogger("uvicorn.error").setLevel(number)
    access = logging.getLogger("uvicorn.access")
    access.propagate, access.disabled = False, True


def _with_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    current = request_id.get()
    if current is not None:
        event.setdefault("request_id", current)
    return event


def _with_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by frames and error kinds, without values."""
    given = event.pop("exc_info", None)
    if given:
        error = _error_of(given)
        if error is not None:
            event["exception"] = describe_exception(error, with_words=request_id.get() is None)
    return event


def _error_of(given: ExcInfo | BaseException | bool) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    return given[1] if isinstance(given, tuple) else sys.exc_info()[1]


def describe_exception(error: BaseException, *, with_words: bool) -> str:
    """Return kind, place and cause of an error.

    Args:
        error: the exception.
        with_words: also the messages of errors that are not ours. They may quote a text, so not while
            a request is handled; ours never do.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        words = f": {current}" if with_words or isinstance(current, OpinionLensError) else ""
        frames = traceback.extract_tb(current.__traceback__)[-_FRAMES_KEPT:]
        places = (f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        lines += [f"{type(current).__name__}{words}", *places]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        lines += ["caused by"] if current is not None else []
    return "\n".join(lines)
