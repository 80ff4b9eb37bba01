"""The place of the pages' files."""

from __future__ import annotations

from pathlib import Path


def web_folder(name: str, *, package: Path = Path(__file__).parents[1]) -> Path:
    """Return the folder `static` or `templates`.

    Args:
        name: of the folder.
        package: the package's own folder. A wheel holds the files there; a checkout has them at its root.
    """
    inside = package / name
    return inside if inside.is_dir() else package.parents[1] / name
