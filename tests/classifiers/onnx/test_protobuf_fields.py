from __future__ import annotations

import pytest

from opinionlens.classifiers.onnx.protobuf_fields import FieldReader

# As the documentation of the encoding shows them: 150 in field 1, "testing" in field 2.
DOCUMENTED = bytes.fromhex("089601") + bytes.fromhex("120774657374696e67")


def read(content: bytes, most: int = 100) -> list[tuple[int, int, int, bytes]]:
    found = FieldReader(most).fields(memoryview(content))
    return [(field.number, field.form, field.number_value, bytes(field.content)) for field in found]


def test_reads_the_documented_examples() -> None:
    assert read(DOCUMENTED) == [(1, 0, 150, b""), (2, 2, 0, b"testing")]


def test_skips_numbers_of_fixed_size() -> None:
    eight, four = b"\x09" + bytes(8), b"\x15" + bytes(4)
    assert read(eight + four + b"\x18\x01") == [(1, 1, 0, b""), (2, 5, 0, b""), (3, 0, 1, b"")]


def test_an_empty_message_has_no_fields() -> None:
    assert read(b"") == []


@pytest.mark.parametrize(
    "broken",
    [
        b"\x0b",  # a group
        b"\x0f",  # a form that does not exist
        b"\x00\x01",  # field 0
        b"\x08",  # no value
        b"\x08\x80",  # a number that does not end
        b"\x08" + b"\xff" * 11,  # one that is too long
        b"\x12\x05abcd",  # fewer bytes than announced
        b"\x09\x00",  # fewer bytes than its size
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7fa",  # a length beyond all memory
    ],
)
def test_anything_else_is_no_message(broken: bytes) -> None:
    with pytest.raises(ValueError, match="no protobuf message"):
        read(broken)


def test_too_many_fields_are_refused_over_all_messages() -> None:
    reader = FieldReader(3)
    assert len(list(reader.fields(memoryview(DOCUMENTED)))) == 2
    with pytest.raises(ValueError, match="too many parts"):
        list(reader.fields(memoryview(DOCUMENTED)))
