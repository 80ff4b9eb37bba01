import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opinionlens.tabular.encoding import (
    BadBytes,
    decode_marking,
    detect_encoding,
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


@pytest.mark.parametrize(
    ("codec", "mark", "note"),
    [
        ("utf-8", b"", None),
        ("utf-8", b"\xef\xbb\xbf", None),
        ("utf-8", b"\xef\xbb\xbf" * 2, "2 byte order marks (UTF-8)"),
        ("utf-16-le", b"\xff\xfe", None),
        ("utf-16-be", b"\xfe\xff", None),
        ("utf-16-le", b"\xff\xfe" * 3, "3 byte order marks (UTF-16)"),
        ("utf-32-le", b"\xff\xfe\0\0", None),
        ("utf-32-be", b"\0\0\xfe\xff", None),
        ("utf-16-le", b"", "UTF-16 (little-endian)"),
        ("utf-16-be", b"", "UTF-16 (big-endian)"),
    ],
)
@pytest.mark.parametrize("text", ["id,text\r\n1,añ€😀\r\n", "id,text\n" + "很好的电话" * 50])
def test_the_encoding_is_found_out_and_unusual_ones_are_named(codec, mark, note, text):
    data = mark + text.encode(codec)
    assert decode_marking(data) == text
    found = detect_encoding(data[:256]).note
    assert found is None if note is None else note in found


def test_zero_bytes_alone_do_not_make_utf16():
    for data in (b"\0a\0\xe0\xa0\x80", b"a\0b,text\n1,2\n", b"a\0b\0", b"\0" * 40):
        assert detect_encoding(data).codec == "utf-8"


def test_half_of_a_pair_of_surrogates_becomes_a_replacement_character():
    assert without_surrogates("a\ud83d b") == "a\ufffd b"
    assert without_surrogates("a😀") == "a😀"
