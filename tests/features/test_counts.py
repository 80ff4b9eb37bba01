import numpy as np
import pytest
import scipy.sparse as sp

from opinionlens.base.errors import StageFailed
from opinionlens.features.counts import Counts, canonical, stacked


def some_counts():
    words = canonical(sp.csr_array(np.array([[0, 2, 0], [1, 0, 0], [0, 0, 0]])))
    chars = canonical(sp.csr_array(np.array([[1, 0], [0, 0], [0, 3]])))
    return Counts(words, chars, np.array([[0.5], [-1.0], [0.0]]))


def as_lists(counts):
    return {
        name: np.asarray(block.todense() if sp.issparse(block) else block).tolist()
        for name, block in counts.blocks()
    }


def test_blocks_come_in_the_order_of_their_columns():
    assert [name for name, _ in some_counts().blocks()] == ["words", "chars", "lexicon"]
    assert [name for name, _ in Counts(lexicon=np.zeros((1, 1))).blocks()] == ["lexicon"]


@pytest.mark.parametrize("mmap", [True, False])
def test_saved_counts_are_the_same(tmp_path, mmap):
    some_counts().save(tmp_path)
    loaded = Counts.load(tmp_path, mmap=mmap)
    assert as_lists(loaded) == as_lists(some_counts())
    assert loaded.n == 3


def test_a_block_that_is_not_counted_stays_away(tmp_path):
    Counts(words=some_counts().words).save(tmp_path)
    loaded = Counts.load(tmp_path)
    assert loaded.chars is None
    assert loaded.lexicon is None


def test_loaded_counts_are_mapped_and_cannot_be_changed(tmp_path):
    some_counts().save(tmp_path)
    loaded = Counts.load(tmp_path)
    assert isinstance(loaded.lexicon, np.memmap)
    for part in ("data", "indices", "indptr"):
        array = getattr(loaded.words, part)
        assert not array.flags.owndata
        assert not array.flags.writeable
        assert array.dtype == np.int32


def test_rows_can_be_taken_from_mapped_counts(tmp_path):
    some_counts().save(tmp_path)
    loaded = Counts.load(tmp_path)
    assert as_lists(loaded.rows(np.array([2, 0]))) == {
        "words": [[0, 0, 0], [0, 2, 0]],
        "chars": [[0, 3], [1, 0]],
        "lexicon": [[0.0], [0.5]],
    }
    assert as_lists(loaded.rows(np.array([False, True, False])))["words"] == [[1, 0, 0]]
    assert loaded.rows(slice(0, 2)).n == 2


def test_stacked_counts_are_one_after_the_other():
    both = stacked([some_counts(), some_counts().rows(np.array([1]))])
    assert as_lists(both)["words"] == [[0, 2, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert as_lists(both)["lexicon"] == [[0.5], [-1.0], [0.0], [-1.0]]
    assert both.words.indices.dtype == np.int32


def test_canonical_counts_are_sorted_without_repeats():
    matrix = sp.csr_array(
        (np.array([1, 1, 1]), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3), dtype=np.int64
    )
    found = canonical(matrix)
    assert found.indices.tolist() == [0, 2]
    assert found.data.tolist() == [1, 2]
    assert found.data.dtype == found.indices.dtype == found.indptr.dtype == np.int32


@pytest.mark.parametrize("damage", ["empty folder", "cut file", "emptied file", "file of objects"])
def test_damaged_counts_say_how_to_make_them(tmp_path, damage):
    if damage != "empty folder":
        some_counts().save(tmp_path)
    if damage == "cut file":
        path = tmp_path / "words.indices.npy"
        path.write_bytes(path.read_bytes()[:-4])
    if damage == "emptied file":
        (tmp_path / "words.indptr.npy").write_bytes(b"")
    if damage == "file of objects":
        np.save(tmp_path / "words.data.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    with pytest.raises(StageFailed, match=r"counts cannot be read.*vectorize_data"):
        Counts.load(tmp_path)
