"""Stored rows of the app, on SQLite or PostgreSQL.

The only package with SQL. One module for each kind of row, with functions that take a `Database` and give
frozen values. Importing this package opens nothing; `migrate` makes the tables.
"""

from __future__ import annotations

from opinionlens.storage.database import Database
from opinionlens.storage.errors import (
    DeploymentConflict,
    NameTaken,
    NoEarlierDeployment,
    RecordNotFound,
    SchemaUnsupported,
    StorageConflict,
    StorageError,
    StorageFault,
    StorageUnavailable,
)
from opinionlens.storage.migrating import downgrade, migrate

__all__ = [
    "Database",
    "DeploymentConflict",
    "NameTaken",
    "NoEarlierDeployment",
    "RecordNotFound",
    "SchemaUnsupported",
    "StorageConflict",
    "StorageError",
    "StorageFault",
    "StorageUnavailable",
    "downgrade",
    "migrate",
]
