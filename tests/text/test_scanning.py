import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text import scanning
from opinionlens.text.entities import decode, decode_aligned
from opinionlens.text.scanning import PieceKind, kind_of


def scan(text):
    return scanning.scan(decode(text))


def scan_with_places(text):
    return scanning.scan_with_places(decode_aligned(text))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("don't", PieceKind.WORD),
        ("rock’n’roll", PieceKind.WORD),
        ("cafe\u0301", PieceKind.WORD),
        ("नमस्ते", PieceKind.WORD),
        ("gr\u200beat", PieceKind.WORD),
        ("http://t.co/a?b=c", PieceKind.ADDRESS),
        ("www.opinionlens.org/x", PieceKind.ADDRESS),
        ("http", PieceKind.ADDRESS),
        ("@Virgin_America", PieceKind.USER),
        (":-))", PieceKind.EMOTICON),
        ("<3", PieceKind.EMOTICON),
        ("o_O", PieceKind.EMOTICON),
        ("👍🏽", PieceKind.EMOJI),
        ("👨\u200d👩\u200d👧", PieceKind.EMOJI),
        ("🇮🇹", PieceKind.EMOJI),
        ("<br />", PieceKind.MARKUP),
        ('<a href="http://x.y">', PieceKind.MARKUP),
        ("!?!", PieceKind.MARK),
        ("....", PieceKind.MARK),
        (",", PieceKind.MARK),
    ],
)
def test_a_unit_is_one_piece_of_its_kind(text, kind):
    assert scan(text) == [text]
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("great:D", ["great", ":D"]),
        ("10:30, 3:1", ["10", ":", "30", ",", "3", ":", "1"]),
        ("note:Please", ["note", ":", "Please"]),
        ("ftp://x", ["ftp", ":", "x"]),
        ("see http://t.co/x.", ["see", "http://t.co/x", "."]),
        ("(http://t.co/x)", ["(", "http://t.co/x", ")"]),
        ("me@mail.org", ["me", "mail", ".", "org"]),
        ("_great_ snake_case", ["great", "snake", "case"]),
        ("'quoted' well-made", ["quoted", "well", "made"]),
        ("1 < 2 and <b>3</b>", ["1", "2", "and", "<b>", "3", "</b>"]),
        ("&lt;3 &amp; caf&eacute; &nope;", ["<3", "café", "nope", ";"]),
        ("#fail #", ["#", "fail", "#"]),
        ("it;s 2^^^^", ["it", ";", "s", "2"]),
        ("", []),
        (" \n\x00\ud800", []),
    ],
)
def test_pieces_of_a_text(text, pieces):
    assert scan(text) == pieces


def test_places_count_code_points_of_the_original():
    text = "😂 Caf&eacute; &lt;3 &amp;c"
    places = [(piece.text, text[piece.start : piece.end]) for piece in scan_with_places(text)]
    assert places == [("😂", "😂"), ("Café", "Caf&eacute;"), ("<3", "&lt;3"), ("c", "c")]


@settings(deadline=None)
@given(data=st.data())
def test_both_scans_agree_and_every_piece_has_a_kind(hard_texts, data):
    text = data.draw(hard_texts)
    pieces = scan_with_places(text)
    assert [piece.text for piece in pieces] == scan(text)
    assert PieceKind.OTHER not in {kind_of(piece.text) for piece in pieces}


@settings(deadline=None)
@given(data=st.data())
def test_short_cuts_change_nothing(hard_texts, data):
    """The pattern without the common word and without the space in front finds the same."""
    slow = re.compile(
        "|".join(
            getattr(scanning, n) for n in ("ADDRESS", "EMOTICON", "WORD", "USER", "EMOJI", "MARKUP", "MARK")
        )
    )
    text = data.draw(hard_texts).replace("&", "+")
    assert scan(text) == [match.group() for match in slow.finditer(text)]


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a",
            "'",
            "a'",
            "_",
            "a_",
            "1:",
            "-_",
            "^",
            "<",
            "<a",
            "<a ",
            "</",
            "<!--",
            "<3",
            "&",
            "&#",
            "&amp;",
            "@",
            "@a@",
        ),
        *(
            "#",
            "!",
            ".",
            "….",
            "http",
            "http://",
            "http:// ",
            "http://!",
            "www.",
            "www.!",
            ":-",
            ">:",
            "(",
            "(-",
            ":'",
        ),
        *(
            "\u0301",
            "a\u0301",
            "a\u200b",
            "\u200b\u0301",
            "😂",
            "😂\u200d",
            "❤\ufe0f",
            "🇮",
            "\u200d",
            "\ud800",
            " ",
            "\n",
        ),
        *("so ", "so good ", "not ", "but good ", "SOOO", "é", "ש"),
    ],
    ids=ascii,
)
def test_long_rows_of_anything_are_scanned_in_one_go(unit):
    """With a rule that starts over for every character, 300,000 of them would take hours."""
    text = unit * (300_000 // len(unit))
    assert sum(map(len, scan(text))) <= len(text)
