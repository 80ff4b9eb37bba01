"""Letters in fancy type are letters; what has a meaning of its own stays."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text.aligned import Aligned
from opinionlens.text.recipe import RECIPES
from opinionlens.text.typography import plain_forms, plain_forms_aligned

SOCIAL = RECIPES["social-v2"]
FRAGMENTS = [
    "a",
    "ok",
    "don’t",
    "𝐛𝐞𝐬𝐭",
    "ｂ",
    "ﬃ",
    "ʼ",
    "é",
    "b̶",
    "â€™",
    "Ã©",
    "ðŸ˜\x8d",
    "â€",
    "Ã¢â‚¬â„¢",
    "🅱🅴",
    "🅰",
    "™",
    "²",
    "😂",
    "❤️",
    "é",
    "日",
]


def misread(text: str, encoding: str = "cp1252") -> str:
    """UTF-8 as a reader of another encoding sees it; bytes without a character become control characters."""
    signs = []
    for byte in text.encode():
        try:
            signs.append(bytes([byte]).decode(encoding))
        except UnicodeDecodeError:
            signs.append(chr(byte))
    return "".join(signs)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("𝐛𝐞𝐬𝐭 𝒷ℯ𝓈𝓉 𝔟𝔢𝔰𝔱 𝕓𝕖𝕤𝕥 𝚋𝚎𝚜𝚝 𝟚𝟘", "best best best best best 20"),
        ("ｂｅｓｔ！", "best!"),
        ("Ⓑⓔⓢⓣ 🅑🅔🅢🅣 🅱🅴🆂🆃 🄱🄴🅂🅃 🄑🄔🄢🄣", "Best BEST BEST BEST BEST"),
        ("ᵇᵉˢᵗ ʙᴇꜱᴛ", "best best"),
        ("ﬁne oﬀer", "fine offer"),
        ("donʼt don′t donꞌt don＇t", "don't don't don't don't"),
        ("cafe\u0301 e\u0302\u0301 Ångström A\u030a", "café ế Ångström Å"),
        ("b\u0336e\u0336s\u0336t\u0336 z\u0300\u0301\u0302\u0303a" + "\u0316" * 500, "best za"),
    ],
)
def test_typographic_forms_are_plain_letters(written, plain):
    assert plain_forms(written) == plain


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "sign",
    [
        "’",
        "‘",
        "“",
        "”",
        "–",
        "—",
        "…",
        "•",
        "€",
        "™",
        "£",
        "©",
        "é",
        "à",
        "ü",
        "ñ",
        "ß",
        "É",
        "Ü",
        "♥",
        "✈",
        "✅",
        "☺",
        "❤",
        "😍",
        "👍",
        "→",
    ],
)
def test_misread_utf8_is_read_again(sign, encoding):
    assert plain_forms(misread(f"so{sign}far", encoding)) == f"so{sign}far"


def test_what_was_misread_twice_is_read_again():
    assert plain_forms(misread(misread("don’t"))) == "don’t"


def test_a_quotation_mark_whose_last_byte_was_dropped_is_known():
    assert plain_forms("â€œgreatâ€ he said") == "“great” he said"


@pytest.mark.parametrize(
    "text",
    [
        "™ ® © ² ³ ½ ª º ℹ ℃ № … – €",
        "😂 👍🏽 👨\u200d👩\u200d👧 ❤\ufe0f 🇮🇹 1\ufe0f\u20e3 🅰 🅿 ㊙",
        ":) :-( <3 ^_^ \\o/ ¯\\_(ツ)_/¯",
        "é ü ñ ß Å ø ż ğ",
        "IRMÃ” “É” voilâ… château",
        "نمस्ते שָׁלוֹם مرحبا Привет 你好！"[:-1],
        "don’t don‘t don`t",
    ],
)
def test_what_has_a_meaning_of_its_own_stays(text):
    assert plain_forms(text) == text


def test_of_single_characters_only_variants_of_letters_and_apostrophes_change():
    changed = {chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and plain_forms(chr(c)) != chr(c)}
    assert not any(c.isascii() or (unicodedata.category(c) == "Sc" and c < "\uff00") for c in changed)
    assert {unicodedata.name(c, "").split()[0] for c in "™²½é’😂❤ℹ🅰" if c in changed} == set()
    assert all(plain_forms(plain_forms(c)) == plain_forms(c) for c in changed)


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from([*FRAGMENTS, " "]), st.text(max_size=4)), max_size=12).map("".join))
def test_both_ways_agree_and_every_character_knows_its_origin(text):
    aligned = plain_forms_aligned(Aligned.of(text))
    assert aligned.text == plain_forms(text)
    assert len(aligned.starts) == len(aligned.ends) == len(aligned.text)
    places = [aligned.place(number, number + 1) for number in range(len(aligned.text))]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)
    if text:
        assert aligned.place(0, len(aligned.text)) == (0, len(text))


def test_a_token_has_its_place_in_what_was_written():
    text = "so 𝐠𝐨𝐨𝐝, donâ€™t &amp; ﬁne"
    tokens = [(token.text, text[token.start : token.end]) for token in SOCIAL.tokenize(text)]
    assert tokens == [("so", "so"), ("good", "𝐠𝐨𝐨𝐝"), ("don't", "donâ€™t"), ("fine", "ﬁne")]


def test_older_recipes_read_what_was_written():
    assert RECIPES["social-v1"].tokens("𝐛𝐞𝐬𝐭 donʼt") == ["𝐛𝐞𝐬𝐭", "donʼt"]
