"""The names that a registry accepts.

The rules are MLflow's, so that all implementations accept the same names.
"""

from __future__ import annotations

import posixpath
import re

from opinionlens.base.errors import InputError

_ALIAS = re.compile(r"[\w-]{1,255}", re.ASCII)
_RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)
_MAX_NAME_CHARS = 255


def is_model_name(name: str) -> bool:
    """Tell whether a model can have this name.

    No model is found under any other.
    """
    return (
        bool(name.strip())
        and len(name) <= _MAX_NAME_CHARS
        and not any(character in "/:\0" for character in name)
        and posixpath.normpath(name) == name
        and name not in {".", ".."}
    )


def check_model_name(name: str) -> None:
    """Raise InputError unless a model can have this name."""
    if not is_model_name(name):
        raise InputError(
            f"{name!r} cannot be the name of a model.",
            remedy=f"Use 1 to {_MAX_NAME_CHARS} characters without '/' and ':'.",
        )


def is_alias(alias: str) -> bool:
    """Tell whether a version can have this alias."""
    return _ALIAS.fullmatch(alias) is not None and _RESERVED_ALIAS.fullmatch(alias) is None


def check_alias(alias: str) -> None:
    """Raise InputError unless a version can have this alias."""
    if not is_alias(alias):
        raise InputError(
            f"{alias!r} cannot be an alias.",
            remedy="Use letters, digits, '-' and '_', but not `latest` or a version such as `v1`.",
        )
