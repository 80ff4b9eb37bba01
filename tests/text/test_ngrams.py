import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from opinionlens.text.ngrams import char_ngrams, word_ngrams

_TOKENS = st.lists(st.text("abé!😂'", min_size=1, max_size=6), max_size=8)
_LENGTHS = st.tuples(st.integers(1, 4), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def test_runs_of_words():
    assert word_ngrams(["not", "so", "good"], 1, 2) == ["not", "so", "good", "not so", "so good"]
    assert word_ngrams(["not", "so", "good"], 2, 3) == ["not so", "so good", "not so good"]
    assert word_ngrams([], 1, 3) == word_ngrams(["alone"], 2, 3) == []


def test_runs_of_letters_mark_where_a_word_begins_and_ends():
    assert char_ngrams("bad", 2, 3) == [" b", "ba", "ad", "d ", " ba", "bad", "ad "]


@pytest.mark.parametrize("low", [4, 5])
def test_no_run_is_longer_than_the_padded_word(low):
    assert char_ngrams("no", low, 9) == ([" no "] if low == 4 else [])


@settings(deadline=None)
@given(_TOKENS, _LENGTHS)
def test_words_are_counted_as_scikit_learn_counts_them(tokens, lengths):
    analyze = CountVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, ngram_range=lengths)
    assert sorted(word_ngrams(tokens, *lengths)) == sorted(analyze.build_analyzer()(" ".join(tokens)))


@settings(deadline=None)
@given(_TOKENS, st.integers(1, 3), st.integers(0, 4))
def test_letters_are_counted_as_scikit_learn_counts_them(tokens, low, more):
    analyze = CountVectorizer(
        analyzer="char_wb", lowercase=False, ngram_range=(low, low + more)
    ).build_analyzer()
    grams = [gram for token in tokens for gram in char_ngrams(token, low, low + more)]
    assert sorted(grams) == sorted(analyze(" ".join(tokens)))
