"""Kinds of artifacts, and the extra that each needs."""

from __future__ import annotations

from collections.abc import Mapping

from opinionlens.base.errors import LibraryMissing

# None where the base install is enough.
EXTRAS: Mapping[str, str | None] = {
    "linear": None,
    "skops": "pipeline",
    "fasttext": "fasttext",
    "onnx": "onnx",
}


def library_missing(kind: str, module: str | None) -> LibraryMissing:
    """Return the error for a module that a kind needs."""
    package = (module or "").partition(".")[0]
    return LibraryMissing(
        f"A classifier of the kind '{kind}' needs the package {package}.",
        remedy=f"Run {installation(kind)}, or promote a model of kind 'linear'.",
    )


def installation(kind: str) -> str:
    """Return the command that installs a kind's extra."""
    extra = EXTRAS.get(kind)
    return f"`pip install 'opinionlens[{extra}]'`" if extra else "`pip install opinionlens`"
