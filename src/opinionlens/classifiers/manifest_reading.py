"""Reading manifests from untrusted bytes.

`base.typed_json` checks the names and types of all fields; the rules that hold between fields are checked
here.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opinionlens.base.artifact_limits import MAX_FILES, MAX_MANIFEST_BYTES, is_plain_name, plain_file_size
from opinionlens.base.errors import ArtifactMissing, ArtifactUnsupported
from opinionlens.base.typed_json import JsonUnfit, read_dataclass
from opinionlens.classifiers.manifest import FORMATS, MANIFEST_NAME, Manifest, fields_after
from opinionlens.features.calibration import LengthScaling
from opinionlens.text.labels import LABELS
from opinionlens.text.scripts import SCRIPTS

# Longer runs are not worth counting, and a hostile manifest could ask for millions of them.
MAX_NGRAM = 20
# A manifest records eight.
MAX_SELF_TEST_CASES = 100
# At 1 the logits shrink as fast as a text grows; no evidence asks for more.
MIN_EXPONENT, MAX_EXPONENT = -0.5, 1.0

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REMEDY = "Export the classifier again, or use the version of opinionlens that wrote it."


@dataclass(frozen=True)
class ReadManifest:
    """A manifest on disk, with the digest of its bytes."""

    manifest: Manifest
    digest: str


def read_manifest(directory: Path) -> ReadManifest:
    """Read the manifest of the artifact in `directory`.

    Raises:
        ArtifactMissing: there is no such folder or no manifest in it.
        ArtifactUnsupported: the manifest cannot be read by this version of the code.
    """
    path = directory / MANIFEST_NAME
    if path.exists() and plain_file_size(path) is None:
        raise _refused("is no ordinary file", "file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise ArtifactMissing(
            f"There is no classifier artifact here ({error.strerror}).",
            where=str(path),
            remedy="Train one with `dvc repro tune_sklearn`, or name another folder.",
        ) from error
    if len(content) > MAX_MANIFEST_BYTES:
        raise _refused(f"is larger than {MAX_MANIFEST_BYTES:,} bytes", "file")
    try:
        manifest = manifest_of(_parsed(content))
    except ArtifactUnsupported as error:
        error.where = error.where or str(directory)
        raise
    return ReadManifest(manifest, hashlib.sha256(content).hexdigest())


def manifest_of(content: object) -> Manifest:
    """Return the manifest that a JSON value describes.

    Raises:
        ArtifactUnsupported: another format, an unknown or missing field, an impossible value.
    """
    given = _mapping(content, "content")
    version = given.get("format")
    if version not in FORMATS or isinstance(version, bool):
        known = ", ".join(map(str, FORMATS))
        raise _refused(f"is {version!r}; this version of opinionlens reads {known}", "format")
    try:
        manifest = read_dataclass(Manifest, _with_new_fields(given, version))
    except JsonUnfit as error:
        raise _refused(error.what, error.where) from error
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    """Raise if the values are impossible together, or too large."""
    labels, features, calibration = manifest.labels, manifest.features, manifest.calibration
    if len(labels) < 2 or len(set(labels)) != len(labels):
        raise _refused(f"must be two or three of {', '.join(LABELS)}, each once", "labels")
    for name, lengths in (("word_ngrams", features.word_ngrams), ("char_ngrams", features.char_ngrams)):
        if lengths and max(lengths) > MAX_NGRAM:
            raise _refused(f"must be two lengths of at most {MAX_NGRAM}", f"features.{name}")
    if not len(labels) == len(calibration.scale) == len(calibration.bias):
        raise _refused("needs one scale and one bias per label", "calibration")
    _check_length_scaling(calibration.length)
    for count, where in (
        (manifest.uncertainty.min_words, "uncertainty.min_words"),
        (manifest.training.rows, "training.rows"),
        (manifest.last_pieces, "last_pieces"),
    ):
        if count < 0:
            raise _refused(f"must be an integer of 0 or more, not {count}", where)
    for script in manifest.uncertainty.scripts:
        if script not in SCRIPTS:
            raise _refused(f"has {script!r}, none of {', '.join(SCRIPTS)}", "uncertainty.scripts")
    if len(manifest.self_test) > MAX_SELF_TEST_CASES:
        raise _refused(f"has more than {MAX_SELF_TEST_CASES} texts", "self_test")
    _check_files(manifest.files)


def _check_length_scaling(length: LengthScaling | None) -> None:
    if length is not None and (length.pivot < 1 or not MIN_EXPONENT <= length.exponent <= MAX_EXPONENT):
        what = f"needs a pivot of 1 or more and an exponent from {MIN_EXPONENT:g} to {MAX_EXPONENT:g}"
        raise _refused(what, "calibration.length")


def _check_files(digests: Mapping[str, str]) -> None:
    if len(digests) > MAX_FILES:
        raise _refused(f"names more than {MAX_FILES}", "files")
    for name, digest in digests.items():
        if not is_plain_name(name) or name.lower() == MANIFEST_NAME:
            raise _refused(f"names {name[:100]!r}, which is not a plain file name", "files")
        if not _SHA256.fullmatch(digest):
            raise _refused("is not a SHA-256 in lower-case hexadecimal", f"files.{name}")


def _with_new_fields(given: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Return an earlier format's manifest with the present fields."""
    content = dict(given)
    for section, name, absent in fields_after(version):
        place = _mapping(content.get(section), section) if section else content
        if name in place:
            raise _refused(f"has unknown fields: {name}", section or "content")
        if section:
            content[section] = place | {name: absent}
        else:
            content[name] = absent
    return content


def _parsed(content: bytes) -> object:
    """Return the JSON value of some bytes.

    NaN, infinities and repeated keys are errors.
    """
    try:
        return json.loads(
            content.decode(),
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_exact,
            object_pairs_hook=_unique_keys,
        )
    except UnicodeDecodeError as error:
        raise _refused(f"is not UTF-8: {error.reason} at byte {error.start}", "file") from error
    except (ValueError, RecursionError) as error:
        raise _refused(f"is not valid JSON: {error}", "file") from error


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number


def _exact(text: str) -> int:
    _finite(text)
    return int(text)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is repeated")
    return result


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _refused("must be an object", where)
    return dict(value)


def _refused(what: str, where: str) -> ArtifactUnsupported:
    return ArtifactUnsupported(f"The manifest's {where} {what}.", remedy=_REMEDY)
