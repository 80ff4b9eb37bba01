"""Errors of the database."""

from __future__ import annotations

from opinionlens.base.errors import OpinionLensError


class StorageError(OpinionLensError):
    """Base of all errors of the database."""


class StorageUnavailable(StorageError):
    """The database did not answer in time or cannot write.

    Nothing was stored.
    """

    status = 503


class StorageFault(StorageUnavailable):
    """The database needs repair; trying again does not help."""


class SchemaUnsupported(StorageError):
    """The tables were made by another version of OpinionLens."""

    status = 503


class RecordNotFound(StorageError):
    """There is no such row."""

    status = 404


class StorageConflict(StorageError):
    """The request contradicts rows stored meanwhile."""

    status = 409


class DeploymentConflict(StorageConflict):
    """A later deployment exists than the caller expected."""


class NoEarlierDeployment(StorageConflict):
    """There is nothing to roll back to."""


class NameTaken(StorageConflict):
    """Another row has that name already."""
