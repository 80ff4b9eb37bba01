"""The only way from a folder to a classifier."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from opinionlens.base.artifact_limits import MAX_FILES, plain_file_size, too_large
from opinionlens.base.errors import ArtifactError, ArtifactTampered, ArtifactUnsupported, SelfTestFailed
from opinionlens.base.files import sha256_of_file
from opinionlens.classifiers import fasttext, skops
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear import linear_classifier as linear
from opinionlens.classifiers.manifest import MANIFEST_NAME, Manifest
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.classifiers.onnx import onnx_classifier as onnx
from opinionlens.features.calibration import FloatArray
from opinionlens.text.rules_digest import text_rules_digest

# Another processor or numpy may round differently; a different model or tokenizer differs by far more.
# Numbers of eight bits may be rounded to other steps there.
SELF_TEST_TOLERANCE = 1e-6
_OTHER_TOLERANCES: Mapping[str, float] = {"onnx": 0.02}
_RETRAIN = "Train the model again, so that its scores and calibration hold."

# Importing these modules is cheap: the libraries of a kind beyond numpy are imported when a classifier of it
# is loaded.
_LOADERS: Mapping[str, Callable[[Manifest, Path], Classifier]] = {
    "linear": linear.load,
    "skops": skops.load,
    "onnx": onnx.load,
    "fasttext": fasttext.load,
}
_FILES: Mapping[str, frozenset[str]] = {
    "linear": frozenset(linear.FILES),
    "skops": frozenset(skops.FILES),
    "onnx": frozenset(onnx.FILES),
    "fasttext": frozenset(fasttext.FILES),
}


def load_classifier(path: Path, expected_digest: str | None = None) -> Classifier:
    """Load and check the classifier in a folder.

    Args:
        path: an artifact's folder, as `write_artifact` leaves it.
        expected_digest: the manifest's SHA-256 from a second source, such as the registry's tag. Only this
            protects from a change to the artifact together with the checksums inside.

    Raises:
        ArtifactMissing: there is no artifact.
        ArtifactTampered: a digest differs, a file is missing, or there is one that the manifest does not
            name.
        ArtifactUnsupported: the format, kind, recipe or a type inside is not known to this version of the
            code.
        SelfTestFailed: the recorded texts get other probabilities here. Where other word lists can explain it
            and most labels are the same, it is a warning.
    """
    try:
        manifest = _checked_manifest(path, expected_digest)
        classifier = _LOADERS[manifest.kind](manifest, path)
        _self_test(classifier)
    except ArtifactError as error:
        error.where = error.where or str(path)
        raise
    return classifier


def _checked_manifest(path: Path, expected_digest: str | None) -> Manifest:
    found = read_manifest(path)
    if expected_digest is not None and found.digest != expected_digest.lower():
        raise _tampered(
            f"The manifest's digest is {found.digest[:12]}…, but {expected_digest[:12]}… was registered"
        )
    manifest = found.manifest
    if manifest.kind not in _LOADERS:
        raise ArtifactUnsupported(
            f"The kind {manifest.kind!r} is not known; known are {', '.join(_LOADERS)}.",
            remedy="Update opinionlens, or retrain the model with this version.",
        )
    _check_files(path, manifest)
    return manifest


def _check_files(path: Path, manifest: Manifest) -> None:
    """Raise unless the files are exactly those of the manifest.

    Every named file is there, plain and unchanged; there is no other.
    """
    # One more than there may be is enough to know that there are too many.
    present = {entry.name for entry in islice(path.iterdir(), MAX_FILES + 2)}
    if missing := sorted((set(manifest.files) | _FILES[manifest.kind]) - present):
        raise _tampered(f"Missing: {', '.join(missing)}")
    if problem := too_large({name: plain_file_size(path / name) for name in manifest.files}, MANIFEST_NAME):
        raise ArtifactUnsupported(f"This is no artifact of ours: {problem}.", remedy="Retrain the model.")
    if unnamed := sorted(present - set(manifest.files) - {MANIFEST_NAME}):
        raise ArtifactTampered(
            f"There are files in the artifact that its manifest does not name: {', '.join(unnamed)}.",
            remedy="Remove them if you know where they come from; else fetch the artifact again.",
        )
    for name, digest in manifest.files.items():
        file = path / name
        if plain_file_size(file) is None:
            raise _tampered(f"{name} is not a plain file")
        if sha256_of_file(file) != digest:
            raise _tampered(f"The content of {name} is not what the manifest says")


def _self_test(classifier: Classifier) -> None:
    cases = classifier.manifest.self_test
    if not cases:
        raise SelfTestFailed("The artifact records no self-test.", remedy="Export the classifier again.")
    expected = [case.probabilities for case in cases]
    if any(len(row) != len(classifier.labels) for row in expected):
        raise SelfTestFailed("The self-test has another number of classes than the classifier.")
    found, recorded = classifier.predict_proba([case.text for case in cases]), np.array(expected)
    difference = np.abs(found - recorded).max(axis=1)
    worst = int(difference.argmax())
    # Written so that NaN fails too.
    if difference[worst] <= _OTHER_TOLERANCES.get(classifier.manifest.kind, SELF_TEST_TOLERANCE):
        return
    apart = f"Text {worst + 1} of the self-test differs by {difference[worst]:.3g} from what was recorded."
    if _is_of_other_rules(classifier.manifest) and _mostly_agree(found, recorded):
        warnings.warn(f"The artifact was made with other word lists. {apart} {_RETRAIN}", stacklevel=3)
        return
    raise SelfTestFailed(apart, remedy=f"The code or its libraries have changed since the export. {_RETRAIN}")


def _is_of_other_rules(manifest: Manifest) -> bool:
    """Return whether other rules and lists read its texts.

    Earlier formats do not say.
    """
    return manifest.text_rules != text_rules_digest()


def _mostly_agree(found: FloatArray, recorded: FloatArray) -> bool:
    """Return whether most labels are the same.

    With a NaN they are not.
    """
    same = int((found.argmax(axis=1) == recorded.argmax(axis=1)).sum())
    return bool(np.isfinite(found).all()) and 2 * same > len(recorded)


def _tampered(what: str) -> ArtifactTampered:
    return ArtifactTampered(
        f"The artifact is damaged or was changed. {what}.",
        remedy="Fetch it again; if that does not help, retrain.",
    )
