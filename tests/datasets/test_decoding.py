import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opinionlens.datasets.card import BadBytes
from opinionlens.datasets.decoding import (
    as_utf8,
    decode_marking,
    is_utf8,
    needs_repair,
    repair,
    without_surrogates,
)


@settings(deadline=None)
@given(st.text())
def test_utf8_is_taken_as_it_is(text):
    data = text.encode("utf-8", "replace")
    assert decode_marking(data).encode() == data
    assert is_utf8(data)


@settings(deadline=None)
@given(st.binary())
def test_whatever_the_bytes_the_repaired_text_can_be_written_as_utf8(data):
    marked = decode_marking(data)
    assert needs_repair(marked) != is_utf8(data)
    for bad_bytes in BadBytes:
        assert not needs_repair(repair(marked, bad_bytes))
        repair(marked, bad_bytes).encode()


@settings(deadline=None)
@given(st.text(alphabet=[bytes([byte]).decode("cp1252", "ignore") or "a" for byte in range(32, 256)]))
def test_windows_text_comes_back_unless_it_could_be_utf8(text):
    data = text.encode("cp1252")
    assume(data.decode("utf-8", "ignore").isascii())  # "Ã©" in Windows is "é" in UTF-8: nobody can tell
    assert repair(decode_marking(data), BadBytes.CP1252) == text


@pytest.mark.parametrize(
    ("data", "windows", "replaced"),
    [
        (b"caf\xe9", "café", "caf\ufffd"),
        (b"\x93quoted\x94 \x80", "“quoted” €", "\ufffdquoted\ufffd \ufffd"),
        (b"caf\xe9 and caf\xc3\xa9", "café and café", "caf\ufffd and café"),
        (b"\x81", "\x81", "\ufffd"),
    ],
)
def test_bytes_that_are_not_utf8(data, windows, replaced):
    marked = decode_marking(data)
    assert repair(marked, BadBytes.CP1252) == windows
    assert repair(marked, BadBytes.REPLACE) == replaced


def test_byte_order_marks_are_not_text():
    assert as_utf8(b"\xef\xbb\xbfa") == b"a"
    assert as_utf8("añ".encode("utf-16")) == "añ".encode()
    assert as_utf8("añ".encode("utf-16-be")) == "añ".encode("utf-16-be")  # without a mark nobody can know


def test_half_of_a_pair_of_surrogates_becomes_a_replacement_character():
    assert without_surrogates("a\ud83d b") == "a\ufffd b"
    assert without_surrogates("a😀") == "a😀"
