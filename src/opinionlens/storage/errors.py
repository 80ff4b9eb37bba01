"""What can go wrong between us and the database."""

from __future__ import annotations

from opinionlens.base.errors import OpinionLensError


class StorageError(OpinionLensError):
    """The database cannot do what was asked."""


class StorageUnavailable(StorageError):
    """The database does not answer, not in time, or cannot write; nothing was stored."""

    status = 503


class StorageFault(StorageUnavailable):
    """The database cannot be used until a person mends it; trying again does not help."""


class SchemaUnsupported(StorageError):
    """The tables were made by another version of OpinionLens than this one."""

    status = 503


class RecordNotFound(StorageError):
    """There is no such row."""

    status = 404


class StorageConflict(StorageError):
    """What was asked contradicts what has been stored meanwhile."""

    status = 409


class DeploymentConflict(StorageConflict):
    """Somebody else has activated a version since the one that the caller saw."""


class NoEarlierDeployment(StorageConflict):
    """There is nothing to roll back to."""


class NameTaken(StorageConflict):
    """Another row has that name already."""
