"""The tree of errors, with their HTTP statuses.

The class is the diagnosis; the edge (web, cli) translates it once.

OpinionLensError                     500
├── InputError                       422   input from a person or program is wrong
│   ├── ParamsInvalid                      params.yaml
│   ├── DatasetMissing               404   a source is not where it was looked for
│   ├── DatasetMalformed                   a source does not match its card
│   ├── TableInvalid                       a file of rows cannot be read or written
│   └── SettingsInvalid                    the environment
├── ArtifactError                    422   a classifier on disk may not serve
│   ├── ArtifactMissing              404   there is none at that place
│   ├── ArtifactTampered                   a checksum or the manifest's digest does not match
│   ├── ArtifactUnsupported                unknown format, kind, recipe or estimator type
│   │   └── LibraryMissing                 a library of its kind is not installed here
│   └── SelfTestFailed                     the recorded texts get other probabilities here
├── RegistryError                    502
│   ├── RegistryUnavailable          503   it does not answer, or not in time
│   ├── RegistryLoginNeeded          502   drawn on in registry/port.py
│   ├── VersionNotFound              404
│   └── VersionNotServable           422   it exists but holds no artifact of ours
├── TrackingError                    502   runs cannot be recorded
├── PromotionRefused                 409   refused by the gate; carries the reasons
├── StageFailed                      500   a pipeline stage cannot go on (nothing half-written is left)
├── StorageError                     500   drawn on in storage/errors.py
├── Refused                          403   drawn on in accounts/errors.py
├── ExtraMissing                     500   a library of an extra is not installed
├── ServingBusy                      503   too many jobs wait; come back in a moment
├── DiskUnwritable                   507   a fetched version cannot be kept
└── ModelNotAvailableError           503   nothing is active and the fallback is off
"""

from __future__ import annotations

from typing import ClassVar


class OpinionLensError(Exception):
    """Base of our errors, with the remedy for the problem.

    It says what is wrong, where, and what to do about it.
    """

    status: ClassVar[int] = 500

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        """Keep the three parts, so that each edge formats them."""
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        """Return problem, place and remedy in one line."""
        place = f" [{self.where}]" if self.where else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{self.what}{place}{advice}"

    @property
    def code(self) -> str:
        """Stable snake_case name for programs, for example `version_not_found`."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class InputError(OpinionLensError):
    """Input from a person or program is wrong."""

    status = 422


class ParamsInvalid(InputError):
    """`params.yaml` has an unknown key or an invalid value."""


class SettingsInvalid(InputError):
    """The environment holds an unknown or unsafe value."""


class DatasetMissing(InputError):
    """A source in the parameters is not at its place."""

    status = 404


class DatasetMalformed(InputError):
    """A source exists but does not match its card."""


class TableInvalid(InputError):
    """A file of rows cannot be read or written."""


class ArtifactError(OpinionLensError):
    """A classifier on disk may not serve."""

    status = 422


class ArtifactMissing(ArtifactError):
    """There is no artifact at that place."""

    status = 404


class ArtifactTampered(ArtifactError):
    """A checksum or the manifest's own digest does not match."""


class ArtifactUnsupported(ArtifactError):
    """A format, kind, recipe or estimator type is unknown.

    This version of the code does not know it.
    """


class LibraryMissing(ArtifactUnsupported):
    """A library of the artifact's kind is not installed.

    The artifact itself may be well.
    """


class SelfTestFailed(ArtifactError):
    """The recorded texts get other probabilities on this machine."""


class RegistryError(OpinionLensError):
    """The registry answered, but with an error."""

    status = 502


class RegistryUnavailable(RegistryError):
    """The registry does not answer, or not in time."""

    status = 503


class VersionNotFound(RegistryError):
    """No such model name, version or alias."""

    status = 404


class VersionNotServable(RegistryError):
    """The version holds no artifact of ours.

    The message says how to retrain it.
    """

    status = 422


class TrackingError(OpinionLensError):
    """Runs cannot be recorded."""

    status = 502


class PromotionRefused(OpinionLensError):
    """The gate refused a promotion."""

    status = 409

    def __init__(self, reasons: tuple[str, ...], *, remedy: str | None = None) -> None:
        """Keep every reason and join them in the message."""
        self.reasons = reasons
        super().__init__("Promotion refused: " + "; ".join(reasons) + ".", remedy=remedy)


class StageFailed(OpinionLensError):
    """A pipeline stage cannot go on."""


class ExtraMissing(OpinionLensError, ImportError):
    """A library of one of the package's extras is missing."""


class ServingBusy(OpinionLensError):
    """Too many jobs wait; the answer says when to retry."""

    status = 503


class DiskUnwritable(OpinionLensError):
    """The disk is full or a folder is not writable.

    Nothing half-written is left.
    """

    status = 507


class ModelNotAvailableError(OpinionLensError):
    """No model is active and the fallback is off.

    The name is part of the public API.
    """

    status = 503
