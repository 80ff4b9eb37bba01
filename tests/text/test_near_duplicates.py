"""Near duplicates are found without comparing every pair, and all of them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from opinionlens.text.near_duplicates import NearDuplicates, words_of

WORDS = ["a", "bb", "cc", "ddd", "e", "f", "gg", "hhh", "i", "jj"]
SETS = st.lists(st.frozensets(st.sampled_from(WORDS)), max_size=12)


def alike(one, other):
    """The Jaccard index, straight from its definition, with whole numbers: at least 4 of 5 in common."""
    return bool(one | other) and 5 * len(one & other) >= 4 * len(one | other)


@given(SETS)
def test_the_same_texts_are_found_as_by_comparing_all_pairs(sets):
    index = NearDuplicates()
    for number, words in enumerate(sets):
        index.add(words, str(number))
    for number, words in itertools.product(range(len(sets)), sets):
        assert (str(number) in index.find_all(words)) == alike(sets[number], words)


def test_case_links_users_and_a_word_more_do_not_make_another_text():
    index = NearDuplicates()
    index.add(words_of("My flight to Boston was delayed again, two hours!"), "first")
    assert (
        index.find(words_of("RT @anna: my FLIGHT to Boston was delayed again two hours https://t.co/x"))
        == "first"
    )
    assert index.find(words_of("My flight to Boston was delayed again, two hours, hooray")) == "first"
    assert index.find(words_of("My flight to Denver was cancelled, two bags are lost")) is None


def test_a_text_without_words_is_like_no_other():
    index = NearDuplicates()
    index.add(words_of("@anna"), "empty")
    assert index.find(words_of("https://t.co/x")) is None
