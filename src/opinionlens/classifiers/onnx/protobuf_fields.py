"""Fields of a protobuf message, read without a schema.

Nothing is copied. As described under "Encoding" in the documentation of Protocol Buffers. Only the forms that
writers use today are read; deprecated groups are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED_64: 8, FIXED_32: 4}
# 64 bits in groups of seven.
_LONGEST_VARINT = 10


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        number: that of the message's definition.
        form: one of the four constants above.
        number_value: the value of a VARINT, else 0.
        content: the content of BYTES: text, packed numbers, or a message; else empty.
    """

    number: int
    form: int
    number_value: int
    content: memoryview


class FieldReader:
    """A reader of fields that refuses too many of them."""

    def __init__(self, most: int) -> None:
        """Read at most so many fields, over all messages."""
        self._left = most

    def fields(self, message: memoryview) -> Iterator[Field]:
        """Yield the fields of a message in their order.

        Raises:
            ValueError: it is no message, or there are too many fields.
        """
        place, end = 0, len(message)
        while place < end:
            self._left -= 1
            if self._left < 0:
                raise ValueError("it has too many parts")
            key, place = _varint(message, place)
            number, form = key >> 3, key & 7
            value, size = 0, _FIXED_SIZES.get(form, 0)
            if form == VARINT:
                value, place = _varint(message, place)
            elif form == BYTES:
                size, place = _varint(message, place)
            elif form not in _FIXED_SIZES:
                raise ValueError("it is no protobuf message")
            if not number or place + size > end:
                raise ValueError("it is no protobuf message")
            yield Field(number, form, value, message[place : place + size] if form == BYTES else message[:0])
            place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return a number and the place behind it."""
    value = 0
    for shift, byte in enumerate(message[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place + shift + 1
    raise ValueError("it is no protobuf message")
