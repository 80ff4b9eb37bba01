"""What an artefact says about itself: one JSON file, read strictly; its SHA-256 is the artefact's digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from opinionlens.base.artifact_limits import MAX_FILES, MAX_MANIFEST_BYTES, is_plain_name, plain_file_size
from opinionlens.base.errors import ArtefactMissing
from opinionlens.classifiers import strict_json
from opinionlens.classifiers.strict_json import refused
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration, LengthScaling, Method
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.scripts import SCRIPTS

FORMAT = 3
_FORMATS = (1, 2, FORMAT)
# What each format brought, section by section; a field of the manifest itself stands under "".
_NEW_FIELDS: Mapping[int, tuple[tuple[str, str, object], ...]] = {
    2: (("calibration", "length", None), ("uncertainty", "scripts", [])),
    3: (("uncertainty", "unfamiliar_confidence", 0.0), ("", "general", [])),
}
MANIFEST_NAME = "manifest.json"
# Longer runs are not worth counting, and a hostile manifest could ask for millions of them.
MAX_NGRAM = 20
# A manifest records eight.
MAX_SELF_TEST_CASES = 100
# At 1 the logits shrink as fast as a text grows; no evidence asks for more.
MAX_EXPONENT = 1.0

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Lineage:
    """Where the classifier comes from: enough to find the run, the data and the code again."""

    run_id: str | None = None
    data_hash: str | None = None
    git_commit: str | None = None
    code_version: str | None = None


@dataclass(frozen=True)
class Training:
    """How it was made: the family with its parameters, the sources and their rows, the scores reached."""

    family: str
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    rows: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SelfTestCase:
    """A text and the probabilities that it got where the artefact was made."""

    text: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Manifest:
    """Everything that is known of a classifier without opening its weights.

    `general` names the values that its general expert weighs; it is empty where there is none.
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
    format: int = FORMAT

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object that `from_dict` reads back to an equal manifest."""
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
        }
        for section, name, _ in _fields_after(self.format):
            del (plain[section] if section else plain)[name]
        return plain

    def as_bytes(self) -> bytes:
        """Return the file's content: sorted, indented UTF-8, so that equal manifests have equal digests."""
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode()

    def digest(self) -> str:
        """Return the artefact's digest: the SHA-256 of the manifest as it is written to disk."""
        return hashlib.sha256(self.as_bytes()).hexdigest()

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """Read a manifest strictly.

        Raises:
            ArtefactUnsupported: another format, an unknown or missing field, a value that cannot be.
        """
        version = strict_json.mapping(value, "content").get("format")
        if version not in _FORMATS or isinstance(version, bool):
            known = ", ".join(map(str, _FORMATS))
            raise refused(f"is {version!r}; this version of opinionlens reads {known}", "format")
        fields = strict_json.fields_of(cls, _with_new_fields(value, version), "content")
        labels = strict_json.array(fields["labels"], _label, "labels")
        if isinstance(fields["self_test"], list) and len(fields["self_test"]) > MAX_SELF_TEST_CASES:
            raise refused(f"has more than {MAX_SELF_TEST_CASES} texts", "self_test")
        if len(labels) < 2 or len(set(labels)) != len(labels):
            raise refused(f"must be two or three of {', '.join(LABELS)}, each once", "labels")
        return cls(
            kind=strict_json.text(fields["kind"], "kind"),
            labels=labels,
            features=_features(fields["features"]),
            calibration=_calibration(fields["calibration"], len(labels)),
            uncertainty=_uncertainty(fields["uncertainty"]),
            training=_training(fields["training"]),
            lineage=Lineage(**strict_json.table(_of(Lineage, fields), strict_json.optional_text, "lineage")),
            files=_files(fields["files"]),
            self_test=strict_json.array(fields["self_test"], _self_test_case, "self_test"),
            general=strict_json.array(fields["general"], strict_json.text, "general"),
            format=version,
        )


@dataclass(frozen=True)
class ReadManifest:
    """A manifest as it was found on disk, with the digest of the very bytes."""

    manifest: Manifest
    digest: str


def read_manifest(directory: Path) -> ReadManifest:
    """Read the manifest of the artefact in `directory`.

    Raises:
        ArtefactMissing: there is no such folder or no manifest in it.
        ArtefactUnsupported: the manifest cannot be read by this version of the code.
    """
    path = directory / MANIFEST_NAME
    if path.exists() and plain_file_size(path) is None:
        raise refused("is no ordinary file", "file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        raise ArtefactMissing(
            f"There is no classifier artefact here ({error.strerror}).",
            where=str(path),
            remedy="Train one with `dvc repro tune_sklearn`, or name another folder.",
        ) from error
    if len(content) > MAX_MANIFEST_BYTES:
        raise refused(f"is larger than {MAX_MANIFEST_BYTES:,} bytes", "file")
    manifest = Manifest.from_dict(strict_json.parse(_decoded(content), "file"))
    return ReadManifest(manifest, hashlib.sha256(content).hexdigest())


def _fields_after(version: int) -> Iterator[tuple[str, str, object]]:
    """Yield what formats later than `version` brought: section, field, and what stands for its absence."""
    for later in _FORMATS:
        if later > version:
            yield from _NEW_FIELDS[later]


def _with_new_fields(value: object, version: int) -> dict[str, Any]:
    """Return a manifest of an earlier format as the present one has it."""
    content = dict(strict_json.mapping(value, "content"))
    for section, name, absent in _fields_after(version):
        given = strict_json.mapping(content.get(section), section) if section else content
        if name in given:
            raise refused(f"has unknown fields: {name}", section or "content")
        if section:
            content[section] = dict(given) | {name: absent}
        else:
            content[name] = absent
    return content


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise refused(f"is not UTF-8: {error.reason} at byte {error.start}", "file") from error


def _label(value: object, where: str) -> Label:
    name = strict_json.text(value, where)
    if name not in LABELS:
        raise refused(f"is {name!r}, none of {', '.join(LABELS)}", where)
    return Label(name)


def _of(record: type, fields: Mapping[str, Any]) -> dict[str, Any]:
    name = record.__name__.lower()
    return strict_json.fields_of(record, fields[name], name)


def _features(value: object) -> FeatureSpec:
    """The types are checked here; which names and fields there are, `text` knows."""
    fields = strict_json.mapping(value, "features")
    recipe = strict_json.mapping(fields.get("recipe"), "features.recipe")
    for name, choice in recipe.items():
        if not isinstance(choice, bool if name == "negation_scope" else str):
            raise refused(f"cannot be {choice!r}", f"features.recipe.{name}")
    if not isinstance(fields.get("lexicon"), bool):
        raise refused("must be true or false", "features.lexicon")
    for name in ("word_ngrams", "char_ngrams"):
        if (lengths := fields.get(name)) is None:
            continue
        shortest_and_longest = strict_json.array(lengths, strict_json.count, f"features.{name}")
        if len(shortest_and_longest) != 2 or max(shortest_and_longest) > MAX_NGRAM:
            raise refused(f"must be two lengths of at most {MAX_NGRAM}", f"features.{name}")
    return FeatureSpec.from_dict(fields)


def _calibration(value: object, classes: int) -> Calibration:
    fields = strict_json.fields_of(Calibration, value, "calibration")
    scale = strict_json.array(fields["scale"], strict_json.number, "calibration.scale")
    bias = strict_json.array(fields["bias"], strict_json.number, "calibration.bias")
    method = fields["method"]
    if method not in tuple(Method):
        raise refused(f"is {method!r}, none of {', '.join(Method)}", "calibration.method")
    if len(scale) != classes or len(bias) != classes:
        raise refused("needs one scale and one bias per label", "calibration")
    return Calibration(Method(method), scale, bias, _length_scaling(fields["length"]))


def _length_scaling(value: object) -> LengthScaling | None:
    where = "calibration.length"
    if value is None:
        return None
    fields = strict_json.fields_of(LengthScaling, value, where)
    pivot, exponent = (strict_json.number(fields[name], f"{where}.{name}") for name in ("pivot", "exponent"))
    if pivot < 1 or not 0 <= exponent <= MAX_EXPONENT:
        raise refused(f"needs a pivot of 1 or more and an exponent from 0 to {MAX_EXPONENT:g}", where)
    return LengthScaling(pivot, exponent)


def _uncertainty(value: object) -> Uncertainty:
    fields = strict_json.fields_of(Uncertainty, value, "uncertainty")
    return Uncertainty(
        min_confidence=strict_json.number(fields["min_confidence"], "uncertainty.min_confidence"),
        min_known_share=strict_json.number(fields["min_known_share"], "uncertainty.min_known_share"),
        min_words=strict_json.count(fields["min_words"], "uncertainty.min_words"),
        scripts=strict_json.array(fields["scripts"], _script, "uncertainty.scripts"),
        unfamiliar_confidence=strict_json.number(
            fields["unfamiliar_confidence"], "uncertainty.unfamiliar_confidence"
        ),
    )


def _script(value: object, where: str) -> str:
    name = strict_json.text(value, where)
    if name not in SCRIPTS:
        raise refused(f"is {name!r}, none of {', '.join(SCRIPTS)}", where)
    return name


def _training(value: object) -> Training:
    fields = strict_json.fields_of(Training, value, "training")
    return Training(
        family=strict_json.text(fields["family"], "training.family"),
        params=strict_json.table(fields["params"], strict_json.scalar, "training.params"),
        sources=strict_json.array(fields["sources"], strict_json.text, "training.sources"),
        rows=strict_json.count(fields["rows"], "training.rows"),
        scores=strict_json.table(fields["scores"], strict_json.number, "training.scores"),
    )


def _self_test_case(value: object, where: str) -> SelfTestCase:
    fields = strict_json.fields_of(SelfTestCase, value, where)
    return SelfTestCase(
        text=strict_json.text(fields["text"], f"{where}.text"),
        probabilities=strict_json.array(
            fields["probabilities"], strict_json.number, f"{where}.probabilities"
        ),
    )


def _files(value: object) -> dict[str, str]:
    digests = strict_json.table(value, strict_json.text, "files")
    if len(digests) > MAX_FILES:
        raise refused(f"names more than {MAX_FILES}", "files")
    for name, digest in digests.items():
        if not is_plain_name(name) or name.lower() == MANIFEST_NAME:
            raise refused(f"names {name[:100]!r}, which is not a plain file name", "files")
        if not _SHA256.fullmatch(digest):
            raise refused("is not a SHA-256 in lower-case hexadecimal", f"files.{name}")
    return digests
