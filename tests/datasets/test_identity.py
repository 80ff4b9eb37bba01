from hashlib import blake2b

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinionlens.datasets.identity import with_identity


@pytest.fixture
def keys(frame_of):
    return lambda *texts: with_identity(frame_of(*((text, "POSITIVE") for text in texts)), seed=1)[
        "key"
    ].to_list()


@pytest.mark.parametrize(
    "other",
    [
        "THE FLIGHT was late",
        "The flight was late!!!",
        "...the flight, was late",
        "@United the flight was late @you",
        "The flight was late http://t.co/abc",
        "  The  flight\nwas late ",
    ],
)
def test_case_punctuation_urls_and_user_names_do_not_count(keys, other):
    first, second = keys("The flight was late", other)
    assert first == second


@pytest.mark.parametrize("other", ["The flight was not late", "The flights were late", "The flight was"])
def test_words_do(keys, other):
    first, second = keys("The flight was late", other)
    assert first != second


def test_texts_without_words_are_recognised_by_what_they_are(keys):
    happy, sad, again, link, other = keys(":)", ":(", " :) ", "@a http://a.b", "@a http://c.d")
    assert happy == again
    assert len({happy, sad, link, other}) == 4


def test_a_draw_follows_from_the_seed_and_the_words_alone(frame_of):
    frame = with_identity(frame_of(("Hello, you", "POSITIVE")), seed=7)
    key = frame["key"][0]
    expected = int.from_bytes(blake2b(f"7:text:{key}".encode(), digest_size=8).digest(), "big") / 2**64
    assert frame["draw"][0] == pytest.approx(expected, abs=1e-15)
    assert 0 <= frame["draw"][0] < 1


def test_texts_of_a_group_share_a_draw_and_groups_of_two_sources_do_not(frame_of):
    frame = with_identity(
        frame_of(
            ("a", "P", "one", "me"),
            ("b", "P", "one", "me"),
            ("c", "P", "two", "me"),
            ("d", "P", "one", "you"),
        ),
        seed=7,
    )
    first, second, other_source, other_group = frame["draw"]
    assert first == second
    assert len({first, other_source, other_group}) == 3


def test_another_seed_draws_anew(frame_of):
    frame = frame_of(("a", "P"))
    assert with_identity(frame, seed=1)["draw"][0] != with_identity(frame, seed=2)["draw"][0]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=10), st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_neither_order_nor_company_changes_what_a_text_gets(frame_of, texts, random):
    def identities(texts):
        frame = with_identity(frame_of(*((text, "P") for text in texts)), seed=3)
        return dict(zip(texts, frame.select("key", "draw").rows(), strict=True))

    together = identities(texts)
    for text in random.sample(texts, k=min(3, len(texts))):
        assert identities([text])[text] == together[text]
