"""Limits on the size of an artifact.

The registry and the loader check them before they read anything of it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

# A manifest has a few kilobytes; a far larger file is not one, and is not worth parsing.
MAX_MANIFEST_BYTES = 4_000_000
MAX_FILES = 20
# All files together. A linear model of 500,000 terms has 30 MB, the largest forest of the families 400 MB.
MAX_ARTIFACT_BYTES = 1_000_000_000

# A name that cannot leave the artifact's folder on any system.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\.[A-Za-z0-9_-]{1,99}){0,5}", re.ASCII)
_MOST_NAME_CHARS = 100


def is_plain_name(name: str) -> bool:
    """Return whether an artifact's file can have this name."""
    return len(name) <= _MOST_NAME_CHARS and _FILE_NAME.fullmatch(name) is not None


def plain_file_size(path: Path) -> int | None:
    """Return the size of an ordinary file in bytes.

    None for a link, a pipe, a device, or where there is nothing.
    """
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def too_large(sizes: Mapping[str, int | None], manifest: str) -> str | None:
    """Return why files of these sizes make no artifact.

    None if they do; an unknown size counts nothing.

    Args:
        sizes: bytes by name.
        manifest: the name of the manifest.
    """
    if len(sizes) > MAX_FILES + 1:
        return f"it has more than {MAX_FILES} files"
    if (sizes.get(manifest) or 0) > MAX_MANIFEST_BYTES:
        return f"its manifest is larger than {MAX_MANIFEST_BYTES:,} bytes"
    if sum(size or 0 for size in sizes.values()) > MAX_ARTIFACT_BYTES:
        return f"its files are larger than {MAX_ARTIFACT_BYTES:,} bytes together"
    return None
