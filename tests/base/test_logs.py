"""Logs: one shape for all, request ids, and nobody's words."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from opinionlens.base import logs
from opinionlens.base.errors import DatasetMissing


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    kept = (root.handlers, root.level)
    names = ("uvicorn", "uvicorn.error", "uvicorn.access")
    loggers = [(logging.getLogger(n), logging.getLogger(n).__dict__.copy()) for n in names]
    yield
    root.handlers, level = kept[0], kept[1]
    root.setLevel(level)
    for logger, before in loggers:
        logger.handlers, logger.propagate, logger.disabled = before["handlers"], before["propagate"], False
        logger.setLevel(before["level"])
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_event_and_fields(stream: io.StringIO) -> None:
    logs.configure_logging("INFO", json=True, stream=stream)
    structlog.get_logger().info("model.activated", version=3)
    (line,) = lines_of(stream)
    assert (line["event"], line["level"], line["version"]) == ("model.activated", "info", 3)
    assert str(line["time"]).endswith("Z")
    assert "request_id" not in line


def test_lines_within_a_request_carry_its_id(stream: io.StringIO) -> None:
    logs.configure_logging("INFO", json=True, stream=stream)
    token = logs.request_id.set("r-1")
    structlog.get_logger().info("x")
    logging.getLogger("somebody").warning("y")
    logs.request_id.reset(token)
    assert [line["request_id"] for line in lines_of(stream)] == ["r-1", "r-1"]


def test_the_level_filters_ours_and_others(stream: io.StringIO) -> None:
    logs.configure_logging("WARNING", json=True, stream=stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("uvicorn.error").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines_of(stream)] == ["loud"]


def test_libraries_share_the_shape_and_their_chatter_is_left_out(stream: io.StringIO) -> None:
    logs.configure_logging("INFO", json=True, stream=stream)
    logging.getLogger("somebody").info("chatter")
    logging.getLogger("somebody").warning("careful with %s", "that")
    logging.getLogger("uvicorn.error").info("Started")
    assert [(line["event"], line["logger"]) for line in lines_of(stream)] == [
        ("careful with that", "somebody"),
        ("Started", "uvicorn.error"),
    ]


def test_addresses_with_query_strings_are_never_logged(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").addHandler(logging.StreamHandler(stream))
    logs.configure_logging("DEBUG", json=True, stream=stream)
    logging.getLogger("uvicorn.access").warning('"GET /predict?text=secret"')
    assert stream.getvalue() == ""


def test_lines_for_people_are_not_json(stream: io.StringIO) -> None:
    logs.configure_logging("INFO", json=False, stream=stream)
    structlog.get_logger().info("model.activated", version=3)
    assert "model.activated" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def log_a_failure(kind: type[Exception] = ValueError) -> None:
    secret = "my secret words"
    try:
        try:
            raise KeyError(secret)
        except KeyError as inner:
            raise kind(f"cannot use {secret}") from inner
    except Exception:
        structlog.get_logger().exception("failed")


def test_while_a_request_is_handled_an_exception_shows_its_place_but_no_words(stream: io.StringIO) -> None:
    logs.configure_logging("INFO", json=True, stream=stream)
    token = logs.request_id.set("r-1")
    log_a_failure()
    logs.request_id.reset(token)
    (line,) = lines_of(stream)
    shown = str(line["exception"])
    assert "secret words" not in stream.getvalue()
    assert "ValueError" in shown and "caused by\nKeyError" in shown
    assert "in log_a_failure" in shown


def test_outside_of_requests_the_message_is_kept(stream: io.StringIO) -> None:
    logs.configure_logging("INFO", json=True, stream=stream)
    log_a_failure()
    assert "cannot use my secret words" in stream.getvalue()


def test_our_own_errors_keep_their_words_always() -> None:
    error = DatasetMissing("no such set", where="data/raw", remedy="Fetch it.")
    assert (
        logs.describe_exception(error, with_words=False) == "DatasetMissing: no such set [data/raw] Fetch it."
    )


def test_errors_that_cause_each_other_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert logs.describe_exception(first, with_words=True).count("ValueError") == 2
