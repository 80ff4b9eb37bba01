"""Counting against scikit-learn's vectorizers, which share none of our code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from opinionlens.base.errors import StageFailed
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.text.general import opinion_values
from opinionlens.text.lexicon import lexicon_values
from opinionlens.text.recipe import RECIPES

PLAIN = RECIPES["plain-v1"]
# Few letters and words, so that n-grams repeat within and across texts.
short_texts = st.lists(
    st.lists(st.sampled_from(["a", "b", "ab", "ba", "abba", "bab"]), max_size=7).map(" ".join),
    min_size=1,
    max_size=6,
)


def spec(words=None, chars=None, lexicon=False):
    return FeatureSpec(PLAIN, words, chars, lexicon)


def word_vectorizer(low, high, **options):
    return CountVectorizer(
        tokenizer=PLAIN.tokens, token_pattern=None, lowercase=False, ngram_range=(low, high), **options
    )


def char_vectorizer(low, high, **options):
    return CountVectorizer(
        analyzer="char_wb", preprocessor=PLAIN.clean, lowercase=False, ngram_range=(low, high), **options
    )


def assert_same(found, expected):
    np.testing.assert_array_equal(found.toarray(), expected.toarray())


def expected_terms(vectorizer, texts, min_df):
    """The terms that scikit-learn finds in at least `min_df` of the texts, sorted."""
    try:
        counts = vectorizer.fit_transform(texts).toarray()
    except ValueError:  # scikit-learn's word for an empty vocabulary
        return []
    return [
        str(term)
        for term, column in zip(vectorizer.get_feature_names_out(), counts.T, strict=True)
        if (column > 0).sum() >= min_df
    ]


@settings(max_examples=100, deadline=None)
@given(
    texts=short_texts,
    others=short_texts,
    span=st.sampled_from([(1, 1), (1, 2), (2, 3), (1, 4), (3, 3)]),
    min_df=st.integers(1, 3),
)
def test_word_counts_equal_sklearns(texts, others, span, min_df):
    vocabulary, counts = Vocabulary.fit(spec(words=span), texts, words=VocabularyLimits(min_df))
    terms = expected_terms(word_vectorizer(*span), texts, min_df)
    assert list(vocabulary.words) == terms
    if terms:
        vectorizer = word_vectorizer(*span, vocabulary=terms)
        assert_same(counts.words, vectorizer.transform(texts))
        assert_same(vocabulary.transform(others).words, vectorizer.transform(others))


@settings(max_examples=100, deadline=None)
@given(
    texts=short_texts,
    others=short_texts,
    span=st.sampled_from([(1, 1), (2, 5), (3, 3), (5, 6)]),
    min_df=st.integers(1, 3),
)
def test_char_counts_equal_sklearns(texts, others, span, min_df):
    vocabulary, counts = Vocabulary.fit(spec(chars=span), texts, chars=VocabularyLimits(min_df))
    # scikit-learn also counts a whole padded word that is shorter than the shortest n-gram; we do not.
    terms = [term for term in expected_terms(char_vectorizer(*span), texts, min_df) if len(term) >= span[0]]
    assert list(vocabulary.chars) == terms
    if terms:
        vectorizer = char_vectorizer(*span, vocabulary=terms)
        assert_same(counts.chars, vectorizer.transform(texts))
        assert_same(vocabulary.transform(others).chars, vectorizer.transform(others))


def test_n_grams_never_cross_texts():
    vocabulary, _ = Vocabulary.fit(spec(words=(2, 2)), ["a b", "c d", "b c"])
    assert vocabulary.words == ("a b", "b c", "c d")


def test_most_frequent_terms_are_kept_and_of_equals_the_alphabetically_first():
    texts = ["d d d", "c b", "b c", "a"]  # d occurs 3 times, b and c twice, a once
    vocabulary, counts = Vocabulary.fit(spec(words=(1, 1)), texts, words=VocabularyLimits(max_features=2))
    assert vocabulary.words == ("b", "d")
    assert counts.words.toarray().tolist() == [[0, 3], [1, 0], [1, 0], [0, 0]]


def test_min_df_counts_texts_not_occurrences():
    vocabulary, _ = Vocabulary.fit(spec(words=(1, 1)), ["d d d", "b", "b"], words=VocabularyLimits(min_df=2))
    assert vocabulary.words == ("b",)


def test_lexicon_values_are_those_of_the_text_module():
    texts = ["I love it!", "not good :(", ""]
    vocabulary, counts = Vocabulary.fit(spec(words=(1, 1), lexicon=True), texts)
    np.testing.assert_array_equal(counts.lexicon, [lexicon_values(PLAIN.pieces(text)) for text in texts])
    np.testing.assert_array_equal(
        vocabulary.transform(texts[:1]).lexicon, [lexicon_values(PLAIN.pieces(texts[0]))]
    )


def test_opinion_values_are_those_of_the_text_module():
    texts = ["I love it!", "no complaints at all", "Is it any good?", ""]
    features = FeatureSpec(PLAIN, (1, 1), lexicon=True, opinions=True)
    vocabulary, counts = Vocabulary.fit(features, texts)
    expected = [opinion_values(PLAIN.pieces(text)) for text in texts]
    assert len(set(map(tuple, expected))) == 4
    np.testing.assert_array_equal(counts.opinions, expected)
    np.testing.assert_array_equal(vocabulary.transform(texts[1:]).opinions, expected[1:])
    assert [name for name, _ in counts.blocks()] == ["words", "lexicon", "opinions"]


def test_no_texts_give_no_rows():
    features = FeatureSpec(PLAIN, (1, 2), (2, 3), lexicon=True, opinions=True)
    vocabulary, _ = Vocabulary.fit(features, ["a b"])
    counts = vocabulary.transform([])
    assert counts.n == 0
    assert counts.words.shape == (0, len(vocabulary.words))
    assert counts.chars.shape == (0, len(vocabulary.chars))
    assert counts.lexicon.shape[0] == counts.opinions.shape[0] == 0


def test_texts_are_read_once():
    read = []

    def texts():
        for text in ("a b", "b a"):
            read.append(text)
            yield text

    Vocabulary.fit(FeatureSpec(PLAIN, (1, 2), (2, 3), lexicon=True), texts())
    assert read == ["a b", "b a"]


def test_saved_vocabulary_is_the_same(tmp_path):
    features = FeatureSpec(RECIPES["social-v1"], (1, 2), (2, 3), lexicon=True)
    texts = ["naïve 😀 :) größer", "naïve \ud800 x", "日本 日本"]
    vocabulary, counts = Vocabulary.fit(features, texts)
    vocabulary.save(tmp_path)
    loaded = Vocabulary.load(tmp_path)
    assert (loaded.spec, loaded.words, loaded.chars) == (features, vocabulary.words, vocabulary.chars)
    assert_same(loaded.transform(texts).words, counts.words)
    assert_same(loaded.transform(texts).chars, counts.chars)


def test_saved_vocabulary_is_data_only_and_the_same_bytes_each_time(tmp_path):
    contents = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        Vocabulary.fit(spec(words=(1, 2), chars=(2, 3)), ["a b a", "b a"])[0].save(folder)
        for path in folder.glob("*.npy"):
            np.load(path, allow_pickle=False)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == [
        "chars.offsets.npy",
        "chars.utf8.npy",
        "features.json",
        "words.offsets.npy",
        "words.utf8.npy",
    ]


def test_missing_or_broken_vocabulary_says_how_to_make_it(tmp_path):
    with pytest.raises(StageFailed, match=r"vocabulary cannot be read.*vectorize_data"):
        Vocabulary.load(tmp_path / "nowhere")
    Vocabulary.fit(spec(words=(1, 1)), ["a"])[0].save(tmp_path)
    (tmp_path / "words.utf8.npy").write_bytes(b"")
    with pytest.raises(StageFailed, match="vocabulary cannot be read"):
        Vocabulary.load(tmp_path)
