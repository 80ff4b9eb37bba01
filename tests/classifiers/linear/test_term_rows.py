from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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
    runs = sorted(set(word_ngrams(tokens, *lengths)))
    words = WordRows(runs[1::2], *lengths)
    expected = [runs.index(g) // 2 for g in word_ngrams(tokens, *lengths) if runs.index(g) % 2 == 1]
    assert words.of(tokens) == expected


def test_a_word_is_known_when_half_of_it_is() -> None:
    rows = CharRows([" a", "ab"], 2, 2)
    assert rows.known(["ab", "abc", "abcd", "xyz"]) == 2  # 2 of 3, 2 of 4, 2 of 5, 0 of 4
