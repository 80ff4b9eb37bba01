import json

import numpy as np
import polars as pl
import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.base.progress import Quiet
from opinionlens.features.counts import Counts
from opinionlens.features.vocabulary import Vocabulary
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.vectorize_data import run

ROWS = {
    "train": [
        ("good flight", "POSITIVE", "b", 0.9),
        ("bad flight", "NEGATIVE", "a", None),
        ("good bad gate", "NEUTRAL", "b", 0.3),
    ],
    "val": [("good gate rare", "POSITIVE", "c", 0.5)],
    "test": [("bad", "NEGATIVE", "a", 0.0), ("rare rare", "NEUTRAL", "a", None)],
}


@pytest.fixture
def paths(tmp_path):
    found = Paths(tmp_path)
    found.preprocessed.mkdir(parents=True)
    for name, rows in ROWS.items():
        frame = pl.DataFrame(rows, schema=["text", "label", "source", "confidence"], orient="row")
        frame.write_parquet(found.preprocessed / f"{name}.parquet")
    return found


def params(**features):
    defaults = {"word_ngrams": (1, 1), "char_ngrams": None, "lexicon": False, "min_df": 1}
    return Params(recipe={"name": "plain-v1"}, features=defaults | features)


def words_in(paths, split):
    """Each text's counts, by term."""
    terms = Vocabulary.load(paths.vectorizer).words
    rows = Counts.load(paths.vectorized / split).words.toarray()
    return [{term: int(count) for term, count in zip(terms, row, strict=True) if count} for row in rows]


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_split_is_counted_in_the_terms_of_train(paths):
    run(params(), paths, Quiet())
    assert words_in(paths, "train") == [
        {"good": 1, "flight": 1},
        {"bad": 1, "flight": 1},
        {"good": 1, "bad": 1, "gate": 1},
    ]
    assert words_in(paths, "val") == [{"good": 1, "gate": 1}]
    assert words_in(paths, "test") == [{"bad": 1}, {}]


def test_labels_and_sources_stand_beside_the_counts(paths):
    run(params(), paths, Quiet())
    assert json.loads((paths.vectorized / "sources.json").read_text()) == ["a", "b", "c"]
    assert np.load(paths.vectorized / "train" / "codes.npy").tolist() == [2, 0, 1]
    assert np.load(paths.vectorized / "train" / "source_codes.npy").tolist() == [1, 0, 1]
    assert np.load(paths.vectorized / "val" / "source_codes.npy").tolist() == [2]


def test_a_text_counts_as_its_annotators_agreed_beside_its_source(paths):
    run(params(), paths, Quiet())
    # Source b has a mean of 0.6; a says nothing in train, and has a mean of 0 in test.
    np.testing.assert_allclose(np.load(paths.vectorized / "train" / "weights.npy"), [1.5, 1.0, 0.5])
    assert np.load(paths.vectorized / "val" / "weights.npy").tolist() == [1.0]
    assert np.load(paths.vectorized / "test" / "weights.npy").tolist() == [1.0, 1.0]


def test_what_is_counted_follows_the_parameters(paths):
    chosen = params(word_ngrams=(1, 2), char_ngrams=(3, 3), lexicon=True, min_df=2, max_features=3)
    run(chosen, paths, Quiet())
    vocabulary = Vocabulary.load(paths.vectorizer)
    assert vocabulary.spec.as_dict() == {
        "recipe": {"name": "plain-v1", "tokenizer": "pattern", "stemmer": "none", "negation_scope": True},
        "word_ngrams": [1, 2],
        "char_ngrams": [3, 3],
        "lexicon": True,
        "opinions": True,
    }
    assert vocabulary.words == ("bad", "flight", "good")
    assert len(vocabulary.chars) == 3
    counts = Counts.load(paths.vectorized / "train")
    assert counts.chars.shape == (3, 3)
    assert counts.lexicon.shape[0] == counts.opinions.shape[0] == 3


def test_equal_input_gives_equal_bytes_and_replaces_what_was_there(paths):
    run(params(), paths, Quiet())
    before = contents(paths.vectorized), contents(paths.vectorizer)
    (paths.vectorized / "stray").write_text("left by someone")
    run(params(), paths, Quiet())
    assert (contents(paths.vectorized), contents(paths.vectorizer)) == before


def test_no_frequent_term_is_told_and_the_outputs_stay(paths):
    run(params(), paths, Quiet())
    before = contents(paths.vectorized)
    with pytest.raises(StageFailed, match="No term occurs in 4 of the 3 training texts"):
        run(params(min_df=4), paths, Quiet())
    assert contents(paths.vectorized) == before


def test_missing_split_is_told(paths):
    (paths.preprocessed / "val.parquet").unlink()
    with pytest.raises(StageFailed, match="preprocess_data"):
        run(params(), paths, Quiet())
    assert not paths.vectorized.exists()
