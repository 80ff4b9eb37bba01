from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opinionlens.base.errors import TableInvalid

Read = Callable[..., Any]


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ("sep=;\r\nid;text\r\n1;a,b\r\n", [["1", "a,b"]]),
        ('"sep=;"\nid;text\n1;a\n', [["1", "a"]]),
        ("SEP=\t\nid\ttext\n1\ta\n", [["1", "a"]]),
        ("\ufeffsep=;\nid;text\n1;a\n", [["1", "a"]]),
        ("sep=^\nid^text\n1^a\n", [["1", "a"]]),
        ("\nsep=|\n\nid|text\n1|a\n", [["1", "a"]]),
    ],
)
def test_the_hint_for_excel_is_no_row(read: Read, content: str, cells: list[list[str]]) -> None:
    found = read(content)
    assert found.cells == cells
    assert any("taken as a hint" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "ending", "cells"),
    [
        ("id\ttext, all\ttext\n1\ta\tb, c\n", ".tsv", [["1", "a", "b, c"]]),
        ("text\thello, you\n", ".tsv", []),
        ('"id";"text";"x, y"\n1;a;b\n', ".csv", [["1", "a", "b"]]),
        ("id|text\n1|a, b; c\n", ".csv", [["1", "a, b; c"]]),
        ('id,"two\nlines",text\n1,2,3\n', ".csv", [["1", "2", "3"]]),
        ("\n\n id , text \n1,a\n", ".csv", [["1", "a"]]),
        ("id,text", ".csv", []),
    ],
)
def test_delimiters_and_headers(read: Read, content: str, ending: str, cells: list[list[str]]) -> None:
    assert read(content, ending).cells == cells


def test_invisible_characters_in_names_are_shown(read: Read) -> None:
    with pytest.raises(TableInvalid, match=r"there are: `te\\u200bxt`"):
        read("te\u200bxt\na\n")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_wide_encodings(read: Read, codec: str) -> None:
    assert read("id,text\r\n1,café €\r\n".encode(codec)).cells == [["1", "café €"]]


def test_doubled_byte_order_marks(read: Read) -> None:
    found = read(b"\xef\xbb\xbf" * 2 + b"text,id\ngood,1\n")
    assert found.cells == [["good", "1"]]
    assert "2 byte order marks" in found.notes[0]
