"""Embeddings: the same everywhere, and near for near texts."""

import numpy as np
import pytest

from opinionlens.drift.embedding import TermEmbedder, fourier_features, fourier_sum


def test_embeddings_have_length_one_and_depend_on_the_terms_alone():
    rows = TermEmbedder().embed([["late", "flight"], ["flight", "late"], [], ["lovely"]])
    assert rows.shape == (4, 64)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 0, 1])
    assert rows[0].tolist() == rows[1].tolist()
    assert rows[0] @ rows[3] < 0.5


def test_the_projection_never_changes():
    """Written down from the first version: stored means compare with later ones only while this holds."""
    signs = TermEmbedder().embed([["flight"]])[0] * 8
    assert signs[:8].round().astype(int).tolist() == FIRST_SIGNS
    features = fourier_features(TermEmbedder().embed([["flight"]]))
    assert features[0, :3].tolist() == pytest.approx(FIRST_FEATURES, abs=1e-5)


def test_fourier_features_give_the_gaussian_kernel():
    """Of unit vectors at a right angle it is exp(-1), of equal ones 1; 128 features know it to a tenth."""
    one, other = np.eye(64, dtype=np.float32)[:2]
    features = fourier_features(np.stack([one, other]))
    assert features[0] @ features[0] == pytest.approx(1, abs=0.2)
    assert features[0] @ features[1] == pytest.approx(np.exp(-1), abs=0.2)


@pytest.mark.parametrize("texts", [0, 1, 31, 32, 100])
def test_the_sum_of_features_is_that_of_each(texts):
    rows = TermEmbedder().embed([[f"term {number}"] for number in range(texts)])
    expected = sum((fourier_features(row) for row in rows), start=np.zeros(128))
    assert fourier_sum(rows) == pytest.approx(expected, abs=1e-5)


def test_terms_of_any_kind_are_taken():
    assert TermEmbedder().embed([["\ud800", "", "👍"]]).shape == (1, 64)


FIRST_SIGNS = [-1, -1, 1, -1, 1, -1, 1, 1]
FIRST_FEATURES = [-0.093027, 0.057479, 0.118503]
