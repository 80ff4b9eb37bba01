"""Atomic writing of files and folders; digests of files.

Content is written aside, then renamed, so that nothing is ever half-written.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` that replaces it on success.

    On failure nothing changes.

    Raises:
        OSError: the folder cannot be written, or the disk is full; `path` keeps its old content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _new_name(path, path.suffix)
    try:
        aside.touch(exist_ok=False)  # inside: Ctrl-C may come right behind it
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def replacing_directory(path: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `path` on success.

    On failure nothing changes. An existing `path` is moved away first and removed last, because a rename
    cannot replace a full folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _new_name(path)
    old = aside.with_name(aside.name + ".old")
    try:
        aside.mkdir()
        yield aside
        if path.exists():
            path.rename(old)
        try:
            aside.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write `value` as sorted, indented JSON, atomically.

    The file ends with a newline.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    with replacing_file(path) as aside:
        aside.write_text(text, encoding="utf-8")


def with_home(path: str) -> str:
    """Expand a leading `~` as shells do; elsewhere nothing changes."""
    try:
        return os.path.expanduser(path)  # noqa: PTH111 - pathlib's takes "" for this folder
    except ValueError:  # characters that no name has
        return path


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _new_name(path: Path, suffix: str = "") -> Path:
    """Return an unused hidden name beside `path`.

    Files and folders made under it have the mode that the system gives ordinary ones. `tempfile` makes
    private ones; to widen them one has to know the umask, and to read that is to change it for all threads.
    """
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{suffix}")
