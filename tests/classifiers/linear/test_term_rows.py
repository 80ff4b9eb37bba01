from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.term_rows import CharRows, WordRows
from opinionlens.text.ngrams import char_ngrams, word_ngrams

lengths = st.tuples(st.integers(1, 6), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair)))


@given(tokens=st.lists(st.text("abc", max_size=3), max_size=8), lengths=lengths)
def test_rows_are_those_of_the_known_ngrams(tokens: list[str], lengths: tuple[int, int]) -> None:
    """Every second n-gram is known; a second look, from memory, finds the same."""
    found = sorted({gram for token in tokens for gram in char_ngrams(token, *lengths)})
    chars = CharRows(found[::2], *lengths)
    expected = [
        found.index(g) // 2 for t in tokens for g in char_ngrams(t, *lengths) if found.index(g) % 2 == 0
    ]
    assert chars.of(tokens).tolist() == chars.of(tokens).tolist() == expected


@given(
    tokens=st.lists(st.text("ab ", max_size=3), max_size=8),
    others=st.lists(st.text("ab ", max_size=4), max_size=8),
    lengths=lengths,
)
def test_rows_of_words_are_those_of_the_known_ngrams(
    tokens: list[str], others: list[str], lengths: tuple[int, int]
) -> None:
    """Every second n-gram is known, and some texts are that are none of them; tokens may hold spaces."""
    grams = word_ngrams(tokens, *lengths)
    terms = sorted({*grams[::2], *others})
    words = WordRows(terms, *lengths, spaces=any(" " in token for token in tokens))
    expected = sorted(terms.index(gram) for gram in grams if gram in terms)
    assert sorted(words.of(tokens)) == sorted(words.of(tokens)) == expected
    assert [words.row(gram) for gram in grams] == [
        terms.index(gram) if gram in terms else None for gram in grams
    ]
    known = [token for token in tokens if " " not in token]
    assert words.known(known) == sum(words.is_known(token) for token in known)
    assert words.known(known) == sum(token in terms for token in known)


@pytest.mark.parametrize("terms", [["a", "b", "a"], ["a", "a b", "b", "a b"], ["", ""], [" ", " "]])
def test_a_term_that_is_there_twice_is_refused(terms: list[str]) -> None:
    with pytest.raises(ArtifactUnsupported, match="the block 'words' holds a term twice"):
        WordRows(terms, 1, 2)


def test_no_table_of_pairs_of_words_is_large() -> None:
    """A table that grows holds up the answers of another model: half a million pairs took 15 ms."""
    terms = [f"w{one} w{other}" for one in range(300) for other in range(300)]
    _, single, following = WordRows(terms, 1, 2).tables()
    assert (len(single), len(following)) == (0, 300)
    assert {len(table) for table in following.values()} == {300}


def test_a_word_is_known_when_half_of_it_is() -> None:
    rows = CharRows([" a", "ab"], 2, 2)
    assert rows.known(["ab", "abc", "abcd", "xyz"]) == 2  # 2 of 3, 2 of 4, 2 of 5, 0 of 4
