"""The tree of errors. The class is the diagnosis; the edge (app, cli) translates once.

OpinionLensError                     500
├── InputError                       422   something a person or program gave us is wrong
│   ├── ParamsInvalid                      params.yaml
│   ├── DatasetMissing               404   a source is not where it was looked for
│   ├── DatasetMalformed                   a source cannot be read as its card says
│   ├── TableInvalid                       a file to score or to export cannot be read or written
│   └── SettingsInvalid                    the environment
├── ArtefactError                    422   a classifier on disk may not serve
│   ├── ArtefactMissing              404   there is none at that place
│   ├── ArtefactTampered                   a checksum or the manifest's digest does not match
│   ├── ArtefactUnsupported                unknown format, kind, recipe or estimator type
│   └── SelfTestFailed                     the recorded texts get other probabilities here
├── RegistryError                    502
│   ├── RegistryUnavailable          503   it does not answer, or not in time
│   ├── RegistryLoginNeeded          502   drawn on in registry/port.py
│   ├── VersionNotFound              404
│   └── VersionNotServable           422   it exists but holds no artefact of ours
├── TrackingError                    502   runs cannot be recorded
├── PromotionRefused                 409   the gate said no; carries the reasons
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
    """Base of every error that is ours: what is wrong, where, and what to do about it."""

    status: ClassVar[int] = 500

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        """Keep the three parts apart, so that each edge can lay them out in its own way."""
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what)

    def __str__(self) -> str:
        """One line: what, where, what to do."""
        place = f" [{self.where}]" if self.where else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{self.what}{place}{advice}"

    @property
    def code(self) -> str:
        """Stable snake_case name for programs, for example `version_not_found`."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class InputError(OpinionLensError):
    """Something a person or program gave us is wrong."""

    status = 422


class ParamsInvalid(InputError):
    """`params.yaml` holds an unknown key, a wrong type or an impossible value."""


class SettingsInvalid(InputError):
    """The environment holds an unknown or unsafe value."""


class DatasetMissing(InputError):
    """A source named in the parameters is not where it was looked for."""

    status = 404


class DatasetMalformed(InputError):
    """A source exists but cannot be read as its card says."""


class TableInvalid(InputError):
    """A file to score or to export cannot be read or written."""


class ArtefactError(OpinionLensError):
    """A classifier on disk may not serve."""

    status = 422


class ArtefactMissing(ArtefactError):
    """There is no artefact at that place."""

    status = 404


class ArtefactTampered(ArtefactError):
    """A checksum, or the manifest's own digest, does not match."""


class ArtefactUnsupported(ArtefactError):
    """The format, kind, recipe or an estimator type is unknown to this version of the code."""


class SelfTestFailed(ArtefactError):
    """The recorded texts get other probabilities here than where the artefact was made."""


class RegistryError(OpinionLensError):
    """The registry answered, but not with what was asked for."""

    status = 502


class RegistryUnavailable(RegistryError):
    """The registry does not answer, or not in time."""

    status = 503


class VersionNotFound(RegistryError):
    """No such model name, version or alias."""

    status = 404


class VersionNotServable(RegistryError):
    """The version exists but holds no artefact of ours; the message says how to retrain it."""

    status = 422


class TrackingError(OpinionLensError):
    """Runs cannot be recorded."""

    status = 502


class PromotionRefused(OpinionLensError):
    """The gate said no."""

    status = 409

    def __init__(self, reasons: tuple[str, ...], *, remedy: str | None = None) -> None:
        """Keep every reason; the message joins them."""
        self.reasons = reasons
        super().__init__("Promotion refused: " + "; ".join(reasons) + ".", remedy=remedy)


class StageFailed(OpinionLensError):
    """A pipeline stage cannot go on."""


class ExtraMissing(OpinionLensError, ImportError):
    """A library that only an extra of the package brings is not installed."""


class ServingBusy(OpinionLensError):
    """Too many jobs are waiting; the answer says when to come back."""

    status = 503


class DiskUnwritable(OpinionLensError):
    """The disk is full, or its folder cannot be written; nothing half-written is left."""

    status = 507


class ModelNotAvailableError(OpinionLensError):
    """Nothing is active and the fallback is off (the name is part of the public API)."""

    status = 503
