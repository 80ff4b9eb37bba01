import pytest

from opinionlens.text.masking import masked
from opinionlens.text.recipe import RECIPES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@united is late, see http://t.co/a?b=1!", "@user is late, see http!"),
        ("www.example.com and HTTPS://x.org/y", "http and http"),
        (".@JetBlue thanks", ".@user thanks"),
        ("mail me at someone@example.com", "mail me at someone@example.com"),
        ("nothing to hide @ the gate", "nothing to hide @ the gate"),
        ("", ""),
    ],
)
def test_addresses_and_users_become_general_words(text, expected):
    assert masked(text) == expected


def test_recipes_decode_and_the_social_ones_mask():
    text = "@united: don&#39;t &amp; 𝐰𝐨𝐫𝐬𝐭 http://t.co/x"
    assert RECIPES["social-v2"].readable(text) == "@user: don't & worst http"
    assert RECIPES["social-v1"].readable(text) == "@user: don't & 𝐰𝐨𝐫𝐬𝐭 http"
    assert RECIPES["plain-v2"].readable(text) == "@united: don't & worst http://t.co/x"
