from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opinionlens.base.errors import (
    ArtifactError,
    ArtifactMissing,
    ArtifactTampered,
    ArtifactUnsupported,
    SelfTestFailed,
)
from opinionlens.base.files import sha256_of_file
from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearClassifier, LinearModel
from opinionlens.classifiers.linear.weights import LinearWeights
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import MANIFEST_NAME, Manifest
from opinionlens.classifiers.manifest_reading import read_manifest


def rewrite(artifact: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """Change the manifest as an attacker would, with fresh checksums inside, and return its new digest."""
    path = artifact / MANIFEST_NAME
    plain = json.loads(path.read_bytes())
    plain["files"] = {name: sha256_of_file(artifact / name) for name in plain["files"]}
    change(plain)
    path.write_text(json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return read_manifest(artifact).digest


def test_a_written_classifier_answers_as_the_one_in_memory(
    artifact: Path, classifier: LinearClassifier, texts: tuple[str, ...]
) -> None:
    digest = read_manifest(artifact).digest
    loaded = load_classifier(artifact, digest)
    assert np.array_equal(loaded.predict_proba(texts), classifier.predict_proba(texts))
    assert loaded.labels == classifier.labels


def test_the_manifest_records_files_and_eight_answers(
    artifact: Path, classifier: LinearClassifier, texts: tuple[str, ...]
) -> None:
    manifest = read_manifest(artifact).manifest
    assert manifest.files == {"weights.npz": sha256_of_file(artifact / "weights.npz")}
    assert [case.text for case in manifest.self_test] == list(texts)
    expected = classifier.predict_proba(texts)
    assert np.array_equal([case.probabilities for case in manifest.self_test], expected)


def test_writing_twice_gives_the_same_digest(
    tmp_path: Path, manifest: Manifest, weights: LinearWeights, texts: tuple[str, ...]
) -> None:
    first = write_artifact(tmp_path / "a", manifest, LinearModel(weights), texts)
    second = write_artifact(tmp_path / "b", manifest, LinearModel(weights), texts)
    assert first.digest() == second.digest() == read_manifest(tmp_path / "b").digest


def test_an_artifact_replaces_the_old_one_completely(
    artifact: Path, manifest: Manifest, weights: LinearWeights, texts: tuple[str, ...]
) -> None:
    write_artifact(artifact, manifest, LinearModel(weights), texts, extra_files={"reference.json": b"{}"})
    write_artifact(artifact, manifest, LinearModel(weights), texts)
    assert sorted(path.name for path in artifact.iterdir()) == ["manifest.json", "weights.npz"]


def test_an_extra_file_travels_under_a_checksum(
    artifact: Path, manifest: Manifest, weights: LinearWeights, texts: tuple[str, ...]
) -> None:
    write_artifact(artifact, manifest, LinearModel(weights), texts, extra_files={"reference.json": b"{}"})
    load_classifier(artifact)
    (artifact / "reference.json").write_bytes(b"[]")
    with pytest.raises(ArtifactTampered, match=r"reference\.json"):
        load_classifier(artifact)


def test_a_failed_write_leaves_the_old_artifact(
    artifact: Path, manifest: Manifest, weights: LinearWeights, texts: tuple[str, ...]
) -> None:
    before = read_manifest(artifact).digest

    class Failing(LinearModel):
        def write(self, directory: Path) -> None:
            super().write(directory)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_artifact(artifact, manifest, Failing(weights), texts)
    load_classifier(artifact, before)
    assert [path.name for path in artifact.parent.iterdir()] == ["classifier"]


def test_what_does_not_load_again_is_never_put_in_place(
    artifact: Path, manifest: Manifest, weights: LinearWeights, texts: tuple[str, ...]
) -> None:
    before = read_manifest(artifact).digest

    class Wrong(LinearModel):
        def write(self, directory: Path) -> None:
            other = LinearWeights(weights.text, weights.coef * 2, weights.intercept)
            LinearModel(other).write(directory)

    with pytest.raises(SelfTestFailed):
        write_artifact(artifact, manifest, Wrong(weights), texts)
    load_classifier(artifact, before)


def test_a_self_test_has_eight_texts(
    tmp_path: Path, manifest: Manifest, weights: LinearWeights, texts: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="8 texts"):
        write_artifact(tmp_path / "a", manifest, LinearModel(weights), texts[:7])


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing) as caught:
        load_classifier(tmp_path / "gone")
    assert str(tmp_path / "gone") in str(caught.value)


def test_one_changed_byte_is_found(artifact: Path) -> None:
    path = artifact / "weights.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactTampered, match=r"weights\.npz"):
        load_classifier(artifact)


def test_a_missing_file_is_named(artifact: Path) -> None:
    (artifact / "weights.npz").unlink()
    with pytest.raises(ArtifactTampered, match=r"Missing: weights\.npz"):
        load_classifier(artifact)


@pytest.mark.parametrize("name", ["model.pkl", ".DS_Store", "extra"])
def test_an_unnamed_file_is_refused(artifact: Path, name: str) -> None:
    (artifact / name).write_bytes(b"x")
    with pytest.raises(ArtifactTampered, match="its manifest does not name"):
        load_classifier(artifact)


def test_weights_that_the_manifest_does_not_name_are_refused(artifact: Path) -> None:
    rewrite(artifact, lambda plain: plain.update(files={}))
    with pytest.raises(ArtifactTampered, match=r"does not name: weights\.npz"):
        load_classifier(artifact)


def test_a_link_out_of_the_folder_is_refused(artifact: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.npz"
    (artifact / "weights.npz").rename(elsewhere)
    (artifact / "weights.npz").symlink_to(elsewhere)
    with pytest.raises(ArtifactTampered, match="not a plain file"):
        load_classifier(artifact)


def test_rewriting_the_checksums_inside_does_not_help(artifact: Path) -> None:
    registered = read_manifest(artifact).digest
    now = rewrite(artifact, lambda plain: plain["uncertainty"].update(min_confidence=0.0))
    load_classifier(artifact, now)
    with pytest.raises(ArtifactTampered, match="registered"):
        load_classifier(artifact, registered)


@pytest.mark.parametrize("kind", ["pickle", "lexicon", ""])
def test_an_unknown_kind_is_refused(artifact: Path, kind: str) -> None:
    rewrite(artifact, lambda plain: plain.update(kind=kind))
    with pytest.raises(ArtifactUnsupported, match="kind"):
        load_classifier(artifact)


def test_other_features_than_the_weights_have_are_refused(artifact: Path) -> None:
    rewrite(artifact, lambda plain: plain["features"].update(char_ngrams=None))
    with pytest.raises(ArtifactUnsupported, match="blocks"):
        load_classifier(artifact)


def test_another_number_of_labels_than_the_weights_have_is_refused(artifact: Path) -> None:
    def two_labels(plain: dict[str, Any]) -> None:
        plain["labels"] = ["NEGATIVE", "POSITIVE"]
        plain["calibration"] = {"method": "none", "scale": [1, 1], "bias": [0, 0], "length": None}

    rewrite(artifact, two_labels)
    with pytest.raises(ArtifactUnsupported, match="3 labels"):
        load_classifier(artifact)


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain["self_test"][3]["probabilities"].__setitem__(0, 0.123),
        lambda plain: plain["features"]["recipe"].update(name="plain-v1"),
        lambda plain: plain["calibration"]["scale"].__setitem__(0, 0.5),
        lambda plain: plain.update(self_test=[]),
        lambda plain: plain["self_test"][0]["probabilities"].pop(),
    ],
    ids=["answer", "recipe", "calibration", "none", "classes"],
)
def test_a_self_test_that_does_not_hold_stops_the_load(
    artifact: Path, change: Callable[[Any], object]
) -> None:
    rewrite(artifact, change)
    with pytest.raises(SelfTestFailed):
        load_classifier(artifact)


def _made_elsewhere(plain: dict[str, Any], rules: str | None) -> None:
    """Let other word lists have made an artifact, or one of a format that does not say."""
    if rules is not None:
        plain["text_rules"] = rules
    else:
        del plain["text_rules"], plain["last_pieces"], plain["features"]["opinions"]
        plain["format"] = 3


every_maker = pytest.mark.parametrize("rules", ["0" * 64, None], ids=["other", "not recorded"])


@every_maker
def test_a_difference_by_other_word_lists_is_a_warning(artifact: Path, rules: str | None) -> None:
    def change(plain: dict[str, Any]) -> None:
        _made_elsewhere(plain, rules)
        plain["self_test"][3]["probabilities"][0] += 0.01

    rewrite(artifact, change)
    with pytest.warns(
        UserWarning, match=r"made with other word lists\. Text 4 .* by 0\.01 .* Train the model"
    ):
        load_classifier(artifact)


@every_maker
@pytest.mark.parametrize("changed", [3, 4])
def test_other_word_lists_explain_no_other_half_of_the_labels(
    artifact: Path, rules: str | None, changed: int
) -> None:
    def change(plain: dict[str, Any]) -> None:
        _made_elsewhere(plain, rules)
        for case in plain["self_test"][:changed]:
            first, second, third = case["probabilities"]
            case["probabilities"] = [second, third, first]

    rewrite(artifact, change)
    expected = pytest.warns(UserWarning) if changed == 3 else pytest.raises(SelfTestFailed)
    with expected:
        load_classifier(artifact)


@every_maker
def test_other_word_lists_without_a_difference_are_silent(artifact: Path, rules: str | None) -> None:
    rewrite(artifact, lambda plain: _made_elsewhere(plain, rules))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_classifier(artifact)


def test_a_difference_below_the_tolerance_is_rounding(artifact: Path) -> None:
    def nudge(plain: dict[str, Any]) -> None:
        plain["self_test"][3]["probabilities"][0] += 9e-7

    rewrite(artifact, nudge)
    load_classifier(artifact)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x04\x95pickle", b"\x93NUMPY"])
def test_a_file_that_holds_no_weights_is_refused(artifact: Path, content: bytes) -> None:
    (artifact / "weights.npz").write_bytes(content)
    rewrite(artifact, lambda plain: None)
    with pytest.raises(ArtifactUnsupported) as caught:
        load_classifier(artifact)
    assert str(artifact) in str(caught.value)
    assert isinstance(caught.value, ArtifactError)
