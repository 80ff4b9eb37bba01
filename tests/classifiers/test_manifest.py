from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opinionlens.base.errors import ArtifactMissing, ArtifactUnsupported
from opinionlens.classifiers.manifest import MANIFEST_NAME, Manifest, SelfTestCase
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration, LengthScaling, Method


@pytest.fixture
def complete(make_manifest: Callable[..., Manifest], spec: Any) -> Manifest:
    files = {"weights.npz": "0" * 64}
    return make_manifest(spec, files=files, self_test=(SelfTestCase("good ❤️", (0.1, 0.2, 0.7)),))


def write(directory: Path, value: object) -> Path:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    (directory / MANIFEST_NAME).write_bytes(content)
    return directory


def test_reads_back_what_it_wrote(complete: Manifest, tmp_path: Path) -> None:
    found = read_manifest(write(tmp_path, complete.as_bytes()))
    assert found.manifest == complete


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_reads_an_earlier_format_as_it_was_written(complete: Manifest, version: int, tmp_path: Path) -> None:
    plain = json.loads(complete.as_bytes())
    del plain["last_pieces"]
    if version < 4:
        del plain["features"]["opinions"], plain["text_rules"]
    if version < 3:
        del plain["general"], plain["uncertainty"]["unfamiliar_confidence"]
    if version == 1:
        del plain["calibration"]["length"], plain["uncertainty"]["scripts"]
    content = json.dumps(plain | {"format": version}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    found = read_manifest(write(tmp_path, content.encode()))
    assert found.manifest.last_pieces == 0
    if version < 4:
        assert (found.manifest.features.opinions, found.manifest.text_rules) == (False, "")
    if version < 3:
        assert (found.manifest.general, found.manifest.uncertainty.unfamiliar_confidence) == ((), 0.0)
    if version == 1:
        assert (found.manifest.calibration.length, found.manifest.uncertainty.scripts) == (None, ())
    assert found.manifest.as_bytes() == content.encode()
    assert found.manifest.digest() == found.digest


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_an_earlier_format_has_no_later_fields(complete: Manifest, version: int, tmp_path: Path) -> None:
    plain = json.loads(complete.as_bytes()) | {"format": version}
    with pytest.raises(ArtifactUnsupported, match="unknown fields"):
        read_manifest(write(tmp_path, json.dumps(plain).encode()))


def test_keeps_what_format_2_adds(make_manifest: Callable[..., Manifest], spec: Any, tmp_path: Path) -> None:
    calibration = Calibration(Method.TEMPERATURE, (2.0,) * 3, (0.0,) * 3, LengthScaling(32.0, 0.25))
    uncertainty = Uncertainty(0.5, 0.4, scripts=("cyrillic", "latin"))
    manifest = make_manifest(spec, calibration=calibration, uncertainty=uncertainty)
    assert read_manifest(write(tmp_path, manifest.as_bytes())).manifest == manifest


def test_digest_is_the_sha256_of_the_bytes_on_disk(complete: Manifest, tmp_path: Path) -> None:
    write(tmp_path, complete.as_bytes())
    expected = hashlib.sha256((tmp_path / MANIFEST_NAME).read_bytes()).hexdigest()
    assert read_manifest(tmp_path).digest == complete.digest() == expected


def test_a_blank_more_is_another_digest(complete: Manifest, tmp_path: Path) -> None:
    assert read_manifest(write(tmp_path, complete.as_bytes() + b" ")).digest != complete.digest()


def test_a_missing_folder_says_how_to_train(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match="dvc repro tune_sklearn"):
        read_manifest(tmp_path / "nothing")


def changed(manifest: Manifest, path: str, value: object) -> dict[str, Any]:
    """The manifest's JSON with the value at the dotted path replaced; DELETE removes it."""
    plain = json.loads(manifest.as_bytes())
    *outer, last = path.split(".")
    place = plain
    for key in outer:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is DELETE:
        del place[last]
    else:
        place[last] = value
    return plain


DELETE = object()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("format", 6, "format is 6"),
        ("format", 1, "unknown fields: length"),
        ("format", True, "format is True"),
        ("surprise", 1, "unknown fields: surprise"),
        ("labels", DELETE, "lacks the fields: labels"),
        ("general", DELETE, "content lacks the fields: general"),
        ("lineage", DELETE, "content lacks the fields: lineage"),
        ("features.char_ngrams", DELETE, "features lacks the fields: char_ngrams"),
        ("features.recipe.stemmer", DELETE, "features.recipe lacks the fields: stemmer"),
        ("uncertainty.min_words", DELETE, "uncertainty lacks the fields: min_words"),
        ("training.scores", DELETE, "training lacks the fields: scores"),
        ("labels", ["POSITIVE", "POSITIVE"], "labels must be"),
        ("labels", ["NEGATIVE"], "labels must be"),
        ("labels", ["NEGATIVE", "GREAT"], "'GREAT'"),
        ("labels", "NEGATIVE", "labels must be an array"),
        ("kind", 3, "kind must be a string"),
        ("features.colour", "red", "colour"),
        ("features.recipe.colour", "red", "colour"),
        ("features.recipe.name", "plain-v9", "plain-v9"),
        ("features.word_ngrams", [2, 1], "word_ngrams must be"),
        ("features.word_ngrams", [1], "features.word_ngrams"),
        ("features.word_ngrams", ["a", "b"], "features.word_ngrams"),
        ("features.char_ngrams", [1, 10_000_000], "features.char_ngrams"),
        ("features.lexicon", "yes", "features.lexicon"),
        ("features.recipe", [], "features.recipe must be an object"),
        ("features.recipe.name", 5, "features.recipe.name"),
        ("features.recipe.negation_scope", 1, "features.recipe.negation_scope"),
        ("calibration.method", "magic", "'magic'"),
        ("calibration.scale", [1.0], "one scale and one bias per label"),
        ("calibration.scale", [1.0, 1.0, None], "calibration.scale\\[2\\] must be a number"),
        ("calibration.bias", [1.0, 1.0, 10**400], "finite"),
        ("calibration.length", {"pivot": 30.0}, "lacks the fields: exponent"),
        ("calibration.length", {"pivot": 0.5, "exponent": 0.2}, "pivot of 1 or more"),
        ("calibration.length", {"pivot": 30.0, "exponent": 1.5}, "exponent from -0.5 to 1"),
        ("calibration.length", {"pivot": 30.0, "exponent": -0.6}, "exponent from -0.5 to 1"),
        ("uncertainty.min_words", -1, "0 or more"),
        ("uncertainty.scripts", ["latin", "klingon"], "'klingon'"),
        ("uncertainty.min_confidence", "high", "uncertainty.min_confidence"),
        ("training.params.C", [1], "training.params.C"),
        ("training.rows", 1.5, "training.rows"),
        ("lineage.run_id", 7, "lineage.run_id"),
        ("lineage.who", "me", "unknown fields: who"),
        ("self_test.0.text", None, "self_test\\[0\\].text"),
        ("self_test.0.more", 1, "unknown fields: more"),
        ("files", {"../weights.npz": "0" * 64}, "not a plain file name"),
        ("files", {"/etc/passwd": "0" * 64}, "not a plain file name"),
        ("files", {"a/b": "0" * 64}, "not a plain file name"),
        ("files", {"a\\b": "0" * 64}, "not a plain file name"),
        ("files", {"..": "0" * 64}, "not a plain file name"),
        ("files", {".hidden": "0" * 64}, "not a plain file name"),
        ("files", {"": "0" * 64}, "not a plain file name"),
        ("files", {"a\x00b": "0" * 64}, "not a plain file name"),
        ("files", {"weights.npz\n": "0" * 64}, "not a plain file name"),
        ("files", {"Manifest.json": "0" * 64}, "not a plain file name"),
        ("files", {"weights.npz": "0" * 63}, "SHA-256"),
        ("files", {"weights.npz": "G" * 64}, "SHA-256"),
    ],
)
def test_refuses_and_names_what_it_does_not_know(
    complete: Manifest, tmp_path: Path, path: str, value: object, message: str
) -> None:
    with pytest.raises(ArtifactUnsupported, match=message):
        read_manifest(write(tmp_path, changed(complete, path, value)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"[" * 200_000,
        b'{"format": NaN}',
        b'{"format": 1, "format": 1}',
        b'{"format": ' + b"9" * 5000 + b"}",
        b" " * 4_000_001,
    ],
    ids=["empty", "text", "binary", "array", "deep", "nan", "twice", "digits", "huge"],
)
def test_refuses_what_is_no_manifest(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArtifactUnsupported):
        read_manifest(write(tmp_path, content))
