import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text.deduplication import deduplication_key


@pytest.mark.parametrize(
    "text",
    [
        "Don't fly with us, ever!",
        "dont FLY with us ever",
        "RT @someone: Don’t fly with us ever http://t.co/abc",
        "@a @b don't fly with us, ever… www.x.org",
        "<b>Don&#39;t</b> fly with us<br />ever",
        "  don't\nfly\twith us -- ever :)",
        "rt @a: RT @b: #don't fly_with us, ever",
    ],
)
def test_the_same_said_again_has_the_same_key(text):
    assert deduplication_key(text) == "dont fly with us ever"


@pytest.mark.parametrize(
    ("one", "other"),
    [("great 😡", "great 😂"), ("5 stars", "1 star"), ("not good", "good"), ("smart @a", "smart rt a")],
)
def test_what_says_something_else_has_another(one, other):
    assert deduplication_key(one) != deduplication_key(other)


@pytest.mark.parametrize("text", ["", " ", "!!! @you http://x.y", "<br/>", ":( ..."])
def test_nothing_is_left_of_a_text_without_words(text):
    assert deduplication_key(text) == ""


def test_composed_and_decomposed_letters_are_the_same():
    assert deduplication_key("cafe\u0301 ﬁne") == deduplication_key("café fine") == "café fine"


@settings(deadline=None)
@given(data=st.data())
def test_a_key_is_its_own_key(hard_texts, data):
    key = deduplication_key(data.draw(hard_texts))
    assert key == " ".join(key.split())
    assert key == key.lower() or not key.isascii()
