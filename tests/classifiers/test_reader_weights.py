"""Words and general expert as a file, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classifiers.test_black_box import general

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.reader_weights import ReaderWeights

WORDS = ("awful", "ça", "😡", "half\ud83d")


@pytest.mark.parametrize("expert", [None, general(0.5, 2.0)])
def test_what_is_written_is_read_back(tmp_path, expert):
    ReaderWeights(WORDS, expert).save(tmp_path / "reader.npz")
    found = ReaderWeights.load(tmp_path / "reader.npz")
    assert tuple(found.words) == WORDS
    if expert is None:
        assert found.general is None
    else:
        assert found.general.intercept.tolist() == [0.0, 0.0, 3.0]
        assert (found.general.low, found.general.high) == (0.5, 2.0)


def test_the_same_weights_are_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        ReaderWeights(WORDS, general(0.5, 2.0)).save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"words.terms": np.zeros(1, np.uint8)},
        {"words.terms": np.zeros(1, np.uint8), "words.lengths": np.array([2], np.uint32)},
        {
            "words.terms": np.zeros(1, np.uint8),
            "words.lengths": np.array([1], np.uint32),
            "more": np.zeros(1),
        },
        {
            "words.terms": np.zeros(1, np.uint8),
            "words.lengths": np.array([1], np.uint32),
            "gate.numbers": np.zeros(4),
        },
        {"words.terms": np.zeros(1, np.uint8), "words.lengths": np.array([1], np.int64)},
        {"words.terms": np.array([None], dtype=object), "words.lengths": np.array([1], np.uint32)},
    ],
    ids=[
        "nothing",
        "no lengths",
        "lengths too long",
        "something more",
        "half an expert",
        "another type",
        "objects",
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays):
    np.savez(tmp_path / "reader.npz", **arrays)
    with pytest.raises(ArtifactUnsupported):
        ReaderWeights.load(tmp_path / "reader.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_no_archive_of_arrays_is_refused(tmp_path, content):
    (tmp_path / "reader.npz").write_bytes(content)
    with pytest.raises(ArtifactUnsupported, match="The words cannot be read"):
        ReaderWeights.load(tmp_path / "reader.npz")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ArtifactUnsupported):
        ReaderWeights.load(tmp_path / "reader.npz")
