from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from opinionlens.base.errors import ArtifactUnsupported, LibraryMissing
from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.weights import LinearWeights
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.skops import SkopsModel
from opinionlens.classifiers.skops_file import read_model, write_model
from opinionlens.features.spec import FeatureSpec

MODELS = {
    "neighbours": lambda: KNeighborsClassifier(
        n_neighbors=3, metric="cosine", algorithm="brute", weights="distance"
    ),
    "tree": lambda: DecisionTreeClassifier(random_state=0, min_samples_leaf=2),
    "forest": lambda: RandomForestClassifier(n_estimators=5, random_state=0, n_jobs=1),
}


@pytest.fixture
def columns(weights: LinearWeights) -> np.ndarray:
    return np.arange(0, weights.text.columns, 3, dtype=np.int64)


@pytest.fixture
def corpus(texts: Sequence[str]) -> list[str]:
    rng = np.random.default_rng(1)
    words = " ".join(texts).split()
    return [" ".join(rng.choice(words, 12)) for _ in range(60)]


@pytest.fixture
def fitted(
    corpus: list[str],
    columns: np.ndarray,
    weights: LinearWeights,
    spec: FeatureSpec,
    long_row: Callable[..., list[float]],
) -> Callable[[str], Any]:
    seen = sp.csr_array(np.array([long_row(spec, weights.text, text) for text in corpus])[:, columns])
    codes = np.arange(len(corpus)) % 3

    def fit(name: str) -> Any:
        return MODELS[name]().fit(seen, codes)

    return fit


@pytest.mark.parametrize("name", MODELS)
def test_answers_as_the_model_on_the_matrix_of_the_definition(
    name: str,
    tmp_path: Path,
    spec: FeatureSpec,
    manifest: Manifest,
    weights: LinearWeights,
    columns: np.ndarray,
    fitted: Callable[[str], Any],
    texts: Sequence[str],
    long_row: Callable[..., list[float]],
) -> None:
    model = fitted(name)
    written = write_artifact(tmp_path / "a", manifest, SkopsModel(weights.text, columns, model), texts)
    classifier = load_classifier(tmp_path / "a", written.digest())
    assert written.kind == "skops"
    assert sorted(written.files) == ["model.skops", "weights.npz"]
    seen = sp.csr_array(np.array([long_row(spec, weights.text, text) for text in texts])[:, columns])
    expected = np.log(np.maximum(model.predict_proba(seen), 1e-6))
    np.testing.assert_allclose(classifier.decision_values(texts), expected, rtol=0, atol=1e-9)
    probabilities = classifier.predict_proba(texts)
    np.testing.assert_allclose(probabilities, manifest.calibration.apply(expected), rtol=0, atol=1e-9)
    for text, row, prediction in zip(texts, probabilities, classifier.predict_many(texts), strict=True):
        assert prediction.probabilities == pytest.approx(tuple(row))
        assert classifier.predict(text) == prediction


def test_an_explanation_shows_what_a_removal_changes(
    manifest: Manifest, weights: LinearWeights, columns: np.ndarray, fitted: Callable[[str], Any]
) -> None:
    classifier = SkopsModel(weights.text, columns, fitted("tree")).classifier(manifest)
    text = "worst flight EVER, thank you"
    explanation = classifier.explain(text)
    assert not explanation.exact
    assert [(one.text, one.start) for one in explanation.by_token()][:2] == [("worst", 0), ("flight", 6)]
    change = (
        classifier.decision_values([text])[0] - classifier.decision_values([" flight EVER, thank you"])[0]
    )
    assert explanation.contributions[0].values == pytest.approx(tuple(change))
    total = np.array(explanation.bias) + sum(np.array(part.values) for part in explanation.by_token())
    assert tuple(total) == pytest.approx(explanation.decision)


@pytest.mark.parametrize("text", ["", "word " * 1000])
def test_an_explanation_of_any_length_is_bounded(
    text: str, manifest: Manifest, weights: LinearWeights, columns: np.ndarray, fitted: Callable[[str], Any]
) -> None:
    explanation = SkopsModel(weights.text, columns, fitted("tree")).classifier(manifest).explain(text)
    assert len(explanation.contributions) == min(len(text), 100)
    assert len(explanation.by_token()) == len(explanation.tokens) == text.count("word")


def test_without_the_library_one_sentence_says_what_to_install(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    manifest: Manifest,
    weights: LinearWeights,
    columns: np.ndarray,
    fitted: Callable[[str], Any],
    texts: Sequence[str],
) -> None:
    write_artifact(tmp_path / "a", manifest, SkopsModel(weights.text, columns, fitted("tree")), texts)
    monkeypatch.delitem(sys.modules, "skops.io")
    monkeypatch.setitem(sys.modules, "skops", None)
    with pytest.raises(LibraryMissing) as caught:
        load_classifier(tmp_path / "a")
    assert caught.value.what == "A classifier of the kind 'skops' needs the package skops."
    assert str(caught.value.remedy).startswith("Run `pip install 'opinionlens[pipeline]'`")


@pytest.mark.parametrize("name", MODELS)
def test_the_same_model_is_written_as_the_same_bytes(
    name: str, tmp_path: Path, fitted: Callable[[str], Any]
) -> None:
    write_model(tmp_path / "a", fitted(name))
    write_model(tmp_path / "b", fitted(name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_model_does_not_start_processes_on_its_own(tmp_path: Path, fitted: Callable[[str], Any]) -> None:
    model = fitted("forest").set_params(n_jobs=64)
    write_model(tmp_path / "a", model)
    assert read_model(tmp_path / "a").n_jobs is None


@pytest.mark.parametrize(
    "hostile",
    [
        lambda: LogisticRegression(),  # harmless and trusted by skops, but no family of ours
        lambda: FunctionTransformer(func=print),
        lambda: DecisionTreeClassifier(criterion=print),
        lambda: DecisionTreeClassifier(criterion=np.exp),
        lambda: DecisionTreeClassifier(random_state=np.random.RandomState(0)),
        lambda: DecisionTreeClassifier(class_weight=np.array([print, None], dtype=object)),
        lambda: {"a": 1},
        lambda: print,
    ],
    ids=["estimator", "transformer", "function", "ufunc", "generator", "objects", "dict", "builtin"],
)
def test_types_that_are_not_on_our_list_are_refused(tmp_path: Path, hostile: Callable[[], Any]) -> None:
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(hostile()))
    with pytest.raises(ArtifactUnsupported):
        read_model(tmp_path / "model.skops")


def test_a_type_is_refused_when_written_too(tmp_path: Path) -> None:
    with pytest.raises(ArtifactUnsupported, match="LogisticRegression"):
        write_model(tmp_path / "model.skops", LogisticRegression())
    assert not (tmp_path / "model.skops").exists()


def rewritten(
    path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None], compression: int = 0
) -> None:
    """Change schema and entries of a skops file as an attacker would."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(entries.pop("schema.json"))
    change(schema, entries)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.writestr("schema.json", json.dumps(schema))


def nodes(value: Any, loader: str) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) and value.get("__loader__") == loader else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [node for one in inner for node in nodes(one, loader)]


def call_a_function(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    nodes(schema, "JsonNode")[0].update(
        __loader__="FunctionNode", __module__="os", __class__="system", content="id"
    )


def call_a_method(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    nodes(schema, "JsonNode")[0].update(__loader__="MethodNode", __module__="builtins", __class__="str")


def older_protocol(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    schema["protocol"] = 0


def two_outputs(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    nodes(schema, "TreeNode")[0]["__reduce__"]["args"]["content"][2]["content"] = "1000000"


def array_without(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    del entries[nodes(schema, "NdArrayNode")[0]["file"]]


def pickled_array(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], dtype=object), allow_pickle=True)
    entries[nodes(schema, "NdArrayNode")[0]["file"]] = buffer.getvalue()


def tree_arrays(name: str, value: int) -> Callable[[dict[str, Any], dict[str, bytes]], None]:
    def change(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
        for node in nodes(schema, "NdArrayNode"):
            array = np.load(io.BytesIO(entries[node["file"]]))
            if array.dtype.names and name in array.dtype.names:
                array[name][0] = value
                buffer = io.BytesIO()
                np.save(buffer, array)
                entries[node["file"]] = buffer.getvalue()
                return
        raise AssertionError("the tree has no nodes")

    return change


def node_count(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    nodes(schema, "TreeNode")[0]["content"]["content"]["node_count"]["content"] = "0"


def fewer_features(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
    schema["content"]["content"]["n_features_in_"]["content"] = "1"


@pytest.mark.parametrize(
    "change",
    [
        call_a_function,
        call_a_method,
        older_protocol,
        two_outputs,
        array_without,
        pickled_array,
        tree_arrays("left_child", 2**40),
        tree_arrays("right_child", 0),
        tree_arrays("feature", 2**40),
        tree_arrays("feature", -3),
        node_count,
        fewer_features,
    ],
    ids=lambda change: getattr(change, "__name__", "array"),
)
def test_a_changed_tree_is_refused_before_it_is_used(
    tmp_path: Path, fitted: Callable[[str], Any], change: Callable[[dict[str, Any], dict[str, bytes]], None]
) -> None:
    path = tmp_path / "model.skops"
    write_model(path, fitted("tree"))
    rewritten(path, lambda schema, entries: None)
    read_model(path)  # rewriting alone does no harm
    rewritten(path, change)
    with pytest.raises(ArtifactUnsupported):
        read_model(path)


def test_a_matrix_that_points_outside_itself_is_refused(tmp_path: Path, fitted: Callable[[str], Any]) -> None:
    def outside(schema: dict[str, Any], entries: dict[str, bytes]) -> None:
        (node,) = nodes(schema, "SparseMatrixNode")
        parts = dict(np.load(io.BytesIO(entries[node["file"]])))
        parts["indices"][0] = 10**6
        buffer = io.BytesIO()
        np.savez(buffer, **parts)
        entries[node["file"]] = buffer.getvalue()

    path = tmp_path / "model.skops"
    write_model(path, fitted("neighbours"))
    rewritten(path, outside)
    with pytest.raises(ArtifactUnsupported):
        read_model(path)


def test_a_compressed_file_is_refused(tmp_path: Path, fitted: Callable[[str], Any]) -> None:
    path = tmp_path / "model.skops"
    write_model(path, fitted("tree"))
    rewritten(path, lambda schema, entries: None, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ArtifactUnsupported, match="compressed"):
        read_model(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04\x95.", b"{}"])
def test_what_is_no_skops_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(ArtifactUnsupported):
        read_model(tmp_path / "model.skops")


def test_a_model_for_other_columns_is_refused(
    manifest: Manifest, weights: LinearWeights, columns: np.ndarray, fitted: Callable[[str], Any]
) -> None:
    with pytest.raises(ArtifactUnsupported, match="columns"):
        SkopsModel(weights.text, columns[1:], fitted("tree")).classifier(manifest)
    outside = np.append(columns[1:], weights.text.columns)
    with pytest.raises(ArtifactUnsupported, match="columns"):
        SkopsModel(weights.text, outside, fitted("tree")).classifier(manifest)
