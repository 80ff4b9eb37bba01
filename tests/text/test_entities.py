import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text.entities import decode, decode_aligned


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("fish &amp; chips", "fish & chips"),
        ("don&#39;t &#x2019; &#X27;", "don't ’ '"),
        ("R&D, AT&T; &unknown; &copyright;", "R&D, AT&T; &unknown; &copyright;"),
        ("a?x=1&copy=2", "a?x=1&copy=2"),
        ("&amp;lt;", "&lt;"),
        ("&#0; &#55357; &#9999999;", "\ufffd \ufffd \ufffd"),
    ],
)
def test_only_whole_known_references_are_decoded(text, decoded):
    assert decode(text) == decoded
    assert decode_aligned(text).text == decoded


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.text(max_size=5), st.sampled_from(["&amp;", "&#39;", "&eacute;", "&nope;", "&"])))
)
def test_every_character_knows_its_origin(parts):
    text = "".join(parts)
    decoded = decode_aligned(text)
    assert decoded.text == decode(text)
    for number, character in enumerate(decoded.text):
        start, end = decoded.place(number, number + 1)
        assert text[start:end] == character or html.unescape(text[start:end]) == character
    if decoded.text:
        assert decoded.place(0, len(decoded.text)) == (0, len(text))
