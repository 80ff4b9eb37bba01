"""How many values a body may hold, before anything is built from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.web.services.json_bounds import bounded, holds_more_values

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab\\",[]{}:é', max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(alphabet='a\\",[', max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


def values_in(value: Any, *, container: int) -> int:
    """Count a value and all that it holds; a field and its value are one, a list or an object `container`."""
    if not isinstance(value, list | dict):
        return 1
    inner = value.values() if isinstance(value, dict) else value
    return container + sum(values_in(item, container=container) for item in inner)


@settings(deadline=None)
@given(value=VALUES, ascii_only=st.booleans())
def test_what_is_within_the_limit_is_never_refused(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert not holds_more_values(body, values_in(value, container=2))


@settings(deadline=None)
@given(value=VALUES)
def test_what_is_beyond_it_always_is(value: Any) -> None:
    number = values_in(value, container=1)
    assert number < 2 or holds_more_values(json.dumps(value).encode(), number - 2)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 999_999 + b"1]",
        b"[" * 1_000_000,
        b"[" + b"{}," * 600_000 + b"{}]",
        b"{" + b'"":0,' * 300_000 + b'"":0}',
        b'""' * 900_000,  # no JSON, which is seen only on the way
        b'"\\\\",' * 300_000,
    ],
    ids=["numbers", "open", "objects", "fields", "strings", "escapes"],
)
def test_endless_values_are_refused(body: bytes) -> None:
    assert holds_more_values(body, 10_000)


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": "' + b"[{," * 600_000 + b'"}',
        b'{"text": "' + b'\\"' * 900_000 + b'"}',
        b'{"text": "' + b"\\\\" * 900_000 + b'"}',
        b'{"text": ' + b"9" * 1_900_000 + b"}",
    ],
    ids=["marks", "quotes", "backslashes", "digits"],
)
def test_one_long_value_is_one_value(body: bytes) -> None:
    assert not holds_more_values(body, 10)


def test_the_refusal_says_how_many_may_be_sent() -> None:
    with pytest.raises(RequestValidationError) as refused:
        bounded(b"[" + b"1," * 200 + b"1]", 100)
    (fault,) = refused.value.errors()
    assert (fault["loc"], fault["msg"]) == (("body",), "It holds more than 100 values")


def test_a_byte_order_mark_is_left_out() -> None:
    assert bounded(b'\xef\xbb\xbf{"text": "a"}', 10) == b'{"text": "a"}'
