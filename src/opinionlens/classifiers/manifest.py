"""The manifest: an artifact's content as one JSON file.

Its SHA-256 is the artifact's digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import Label

FORMAT = 5
FORMATS = (1, 2, 3, 4, FORMAT)
# What each format brought, section by section; a field of the manifest itself stands under "".
_NEW_FIELDS: Mapping[int, tuple[tuple[str, str, object], ...]] = {
    2: (("calibration", "length", None), ("uncertainty", "scripts", [])),
    3: (("uncertainty", "unfamiliar_confidence", 0.0), ("", "general", [])),
    4: (("features", "opinions", False), ("", "text_rules", "")),
    5: (("", "last_pieces", 0),),
}
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class Lineage:
    """The origin of a classifier.

    Enough to find the run, the data and the code again.
    """

    run_id: str | None = None
    data_hash: str | None = None
    git_commit: str | None = None
    code_version: str | None = None


@dataclass(frozen=True)
class Training:
    """The training of a classifier.

    The family with its parameters, the sources and their rows, the scores reached.
    """

    family: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    rows: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SelfTestCase:
    """A text with its recorded probabilities.

    They were computed where the artifact was made.
    """

    text: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Manifest:
    """The description of a classifier, without its weights.

    `general` names the values that its general expert weighs; it is empty where there is none. `text_rules`
    is the digest of the rules and lists that read its texts, "" where that was not recorded. A model of
    kind `onnx` reads `last_pieces` from the end of a long text.
    """

    kind: str
    labels: tuple[Label, ...]
    features: FeatureSpec
    calibration: Calibration
    uncertainty: Uncertainty
    training: Training
    lineage: Lineage = Lineage()
    files: Mapping[str, str] = field(default_factory=dict)
    self_test: tuple[SelfTestCase, ...] = ()
    general: tuple[str, ...] = ()
    text_rules: str = ""
    last_pieces: int = 0
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as a JSON object.

        `manifest_reading.manifest_of` reads it back to an equal manifest.
        """
        plain: dict[str, Any] = {
            name: asdict(getattr(self, name))
            for name in ("calibration", "uncertainty", "training", "lineage")
        }
        plain |= {
            "format": self.format,
            "kind": self.kind,
            "labels": [label.value for label in self.labels],
            "features": self.features.as_dict(),
            "files": dict(self.files),
            "self_test": [asdict(case) for case in self.self_test],
            "general": list(self.general),
            "text_rules": self.text_rules,
            "last_pieces": self.last_pieces,
        }
        for section, name, _ in fields_after(self.format):
            del (plain[section] if section else plain)[name]
        return plain

    def as_bytes(self) -> bytes:
        """Return the file's content: sorted, indented UTF-8.

        Equal manifests have equal digests.
        """
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode()

    def digest(self) -> str:
        """Return the artifact's digest.

        The SHA-256 of the manifest as it is written to disk.
        """
        return hashlib.sha256(self.as_bytes()).hexdigest()


def fields_after(version: int) -> Iterator[tuple[str, str, object]]:
    """Yield the fields of formats later than `version`.

    Each as section, field, and the value that stands for its absence.
    """
    for later in FORMATS:
        if later > version:
            yield from _NEW_FIELDS[later]
