"""Windows in files: `recent.npz` and `recent.json`.

Nothing is unpickled, and no file is read that is larger than it may be.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from opinionlens.base.artifact_limits import plain_file_size
from opinionlens.base.errors import InputError
from opinionlens.base.files import replacing_file, write_json
from opinionlens.classifiers.archives import checked_archive, read_array

NPZ_NAME, JSON_NAME = "recent.npz", "recent.json"
FILE_NAMES = (NPZ_NAME, JSON_NAME)
# 10,000 rows of 768 numbers have 61 MB.
MOST_BYTES = 100_000_000
_NAMES = ("sentiment_dist", "embeddings", "texts", "start", "created_at")


def read_window_file(path: Path, *, place: str | None = None) -> dict[str, object]:
    """Return the named values in a file.

    Args:
        path: an ordinary file that ends with `.npz` or `.json`.
        place: for messages; the path unless given.

    Raises:
        FileNotFoundError: there is none.
        InputError: it is too large, or of another form.
    """
    where = place or str(path)
    size = plain_file_size(path)
    if size is None:
        if not path.exists():
            raise FileNotFoundError(str(path))
        raise InputError("This is no ordinary file.", where=where)
    if size > MOST_BYTES:
        raise InputError(f"The file is larger than {MOST_BYTES // 1_000_000} MB.", where=where)
    if path.suffix == ".npz":
        return _arrays_in(path, where)
    return values_in_json(path.read_bytes(), where)


def values_in_json(content: bytes | str, where: str) -> dict[str, object]:
    """Return the named values of a JSON object.

    Raises:
        InputError: it is none.
    """
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"This is no JSON: {error}.", where=where) from error
    if not isinstance(values, dict):
        raise InputError("This is no JSON object.", where=where)
    return values


def write_window_file(path: Path, values: Mapping[str, Any], *, at: datetime) -> None:
    """Write named values, in the format that the ending names.

    Raises:
        OSError: the folder cannot be written; an older file stays.
    """
    dated = {**values, "created_at": at.isoformat()}
    if path.suffix == ".json":
        write_json(path, dated)
        return
    arrays = {name: np.asarray(_as_array(value)) for name, value in dated.items()}
    with replacing_file(path) as aside, aside.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def _as_array(value: object) -> object:
    return list(value.values()) if isinstance(value, Mapping) else value


def _arrays_in(path: Path, where: str) -> dict[str, object]:
    try:
        with checked_archive(path, may_compress=True) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            wanted = [entries[name] for name in _NAMES if name in entries]
            if sum(entry.file_size for entry in wanted) > MOST_BYTES:
                raise InputError(f"Its arrays are larger than {MOST_BYTES // 1_000_000} MB.", where=where)
            return {name: read_array(archive, entries[name]) for name in _NAMES if name in entries}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError, SyntaxError) as error:
        raise InputError(f"The arrays cannot be read: {error}.", where=where) from error
