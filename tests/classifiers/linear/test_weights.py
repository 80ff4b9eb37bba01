from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.weights import Block, ColumnWeights, LinearWeights, TextWeights

Arrays = dict[str, Any]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(terms=st.lists(st.text(st.characters(exclude_categories=()), max_size=6), unique=True, max_size=20))
def test_any_terms_survive(terms: list[str], tmp_path: Path) -> None:
    """Line ends, NUL, lone surrogates, letters beyond the basic plane, the empty string."""
    block = Block("words", terms, "log", np.arange(len(terms), dtype=np.float64), normalise=True, factor=0.5)
    weights = LinearWeights(TextWeights((block,)), np.ones((2, len(terms))), np.array([1.0, 2.0]))
    weights.save(tmp_path / "w.npz")
    (found,) = LinearWeights.load(tmp_path / "w.npz").text.blocks
    assert list(found.terms) == terms
    assert (found.name, found.tf, found.normalise, found.factor) == ("words", "log", True, 0.5)


def test_numbers_survive_bit_by_bit(weights: LinearWeights, tmp_path: Path) -> None:
    weights.save(tmp_path / "w.npz")
    found = LinearWeights.load(tmp_path / "w.npz")
    assert np.array_equal(found.coef, weights.coef)
    assert np.array_equal(found.intercept, weights.intercept)
    for mine, theirs in zip(found.text.blocks, weights.text.blocks, strict=True):
        assert np.array_equal(mine.scale, theirs.scale)
        assert mine.factor == theirs.factor


def test_the_same_weights_are_the_same_bytes(weights: LinearWeights, tmp_path: Path) -> None:
    weights.save(tmp_path / "a.npz")
    weights.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def changed(path: Path, change: Callable[[Arrays], object]) -> Path:
    with np.load(path) as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(path, allow_pickle=True, **arrays)
    return path


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        raise AssertionError("unpickled")


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("intercept"),
        lambda arrays: arrays.pop("words.scale"),
        lambda arrays: arrays.pop("words.terms"),
        lambda arrays: arrays.update(more=np.ones(3)),
        lambda arrays: arrays.update({"words.scale": arrays["words.scale"][1:]}),
        lambda arrays: arrays.update({"words.scale": arrays["words.scale"].astype(np.float32)}),
        lambda arrays: arrays.update({"words.scale": np.array(["a"] * len(arrays["words.scale"]))}),
        lambda arrays: arrays["words.scale"].__setitem__(0, np.nan),
        lambda arrays: arrays["coef"].__setitem__((0, 0), np.inf),
        lambda arrays: arrays.update(coef=arrays["coef"][:, 1:]),
        lambda arrays: arrays.update(coef=arrays["coef"].ravel()),
        lambda arrays: arrays.update(intercept=np.array(1.0)),
        lambda arrays: arrays["words.lengths"].__setitem__(0, 2**32 - 1),
        lambda arrays: arrays.update({"words.lengths": arrays["words.lengths"].astype(np.int64)}),
        lambda arrays: arrays["words.terms"].__setitem__(0, 0xFF),
        lambda arrays: arrays.update({"words.terms": arrays["words.terms"].astype(np.uint16)}),
        lambda arrays: arrays.update({"words.tf": np.array("sqrt")}),
        lambda arrays: arrays.update({"words.tf": np.array(1)}),
        lambda arrays: arrays.update({"lexicon.tf": np.array("log")}),
        lambda arrays: arrays.update({"words.normalise": np.array("yes")}),
        lambda arrays: arrays.update({"words.factor": np.array([1.0, 2.0])}),
        lambda arrays: arrays.update({"words.factor": np.array("1")}),
        lambda arrays: arrays.update({"words.factor": np.array(np.nan)}),
    ],
)
def test_what_does_not_fit_is_refused(
    weights: LinearWeights, tmp_path: Path, change: Callable[[Arrays], object]
) -> None:
    weights.save(tmp_path / "w.npz")
    changed(tmp_path / "w.npz", lambda arrays: None)
    LinearWeights.load(tmp_path / "w.npz")  # rewriting alone does no harm
    changed(tmp_path / "w.npz", change)
    with pytest.raises(ArtifactUnsupported):
        LinearWeights.load(tmp_path / "w.npz")


def test_pickles_are_never_opened(weights: LinearWeights, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], dtype=object), allow_pickle=True)
    weights.save(path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (entries | {"intercept.npy": buffer.getvalue()}).items():
            archive.writestr(name, content)
    with pytest.raises(ArtifactUnsupported, match="pickle"):
        LinearWeights.load(path)
    path.write_bytes(pickle.dumps({"coef": 1}))
    with pytest.raises(ArtifactUnsupported):
        LinearWeights.load(path)


def test_an_archive_that_would_grow_is_refused(weights: LinearWeights, tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", intercept=np.zeros(1_000_000))
    with pytest.raises(ArtifactUnsupported, match="compressed"):
        LinearWeights.load(tmp_path / "w.npz")


def test_a_header_that_promises_too_much_is_refused(weights: LinearWeights, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    weights.save(path)
    content = path.read_bytes()
    promised = content.replace(b"'shape': (3,), ", b"'shape': (9**9,", 1)
    path.write_bytes(promised)
    with pytest.raises(ArtifactUnsupported):
        LinearWeights.load(path)


def test_terms_that_come_twice_are_refused(make_manifest: Callable[..., Any]) -> None:
    from opinionlens.classifiers.linear.linear_classifier import LinearClassifier
    from opinionlens.features.spec import FeatureSpec
    from opinionlens.text.recipe import RECIPES

    text = TextWeights((Block("words", ["a", "b", "a"], "count", np.ones(3), normalise=False),))
    weights = LinearWeights(text, np.ones((3, 3)), np.zeros(3))
    with pytest.raises(ArtifactUnsupported, match="twice"):
        LinearClassifier(make_manifest(FeatureSpec(RECIPES["plain-v1"], (1, 1))), weights)


@pytest.mark.parametrize("names", [[], ["chars", "words"], ["words", "words"]])
def test_blocks_have_one_order(names: list[Any]) -> None:
    with pytest.raises(ArtifactUnsupported, match="order"):
        TextWeights(tuple(Block(name, ["a"], "count", np.ones(1), normalise=False) for name in names))


@pytest.mark.parametrize(
    ("columns", "least"), [([3], 1e-6), ([-1], 1e-6), ([0], 0.0), ([0], float("nan")), ([0], 1.0)]
)
def test_columns_are_positions(columns: list[int], least: float) -> None:
    text = TextWeights((Block("words", ["a", "b", "c"], "count", np.ones(3), normalise=False),))
    with pytest.raises(ArtifactUnsupported):
        ColumnWeights(text, np.array(columns, dtype=np.int64), least)
