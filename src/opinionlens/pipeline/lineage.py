"""The origin of an artifact: hashes and commit.

The hashes are of all that it was made from.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from opinionlens.base.files import sha256_of_file

# What a trial's result depends on beside the data and the parameters.
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "optuna")
_CODE = ("evaluation", "families", "features", "text", "pipeline/study.py", "pipeline/trials.py")
_NOT_WRITTEN_BY_STAGES = (".", ":(exclude)dvc.lock", ":(exclude)metrics")


def hash_of_files(folder: Path) -> str:
    """Return a SHA-256 of all files below `folder`.

    Of their names and contents.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return _hash_of((path.relative_to(folder).as_posix(), sha256_of_file(path)) for path in files)


def hash_of_code() -> str:
    """Return a SHA-256 of the code behind a trial's result.

    Of the modules that decide it, and the versions of the libraries they use.
    """
    root = Path(__file__).parents[1]
    files = sorted(path for part in _CODE for path in _python_files(root / part))
    sources = ((path.relative_to(root).as_posix(), sha256_of_file(path)) for path in files)
    return _hash_of([*sources, *((name, version(name)) for name in _LIBRARIES)])


def hash_of_values(values: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a SHA-256 of a JSON value.

    The order of its keys does not matter.
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def git_commit(root: Path) -> str | None:
    """Return the commit that is checked out.

    With `-dirty` where files differ from it; None outside a repository. Files that the pipeline itself writes
    do not count: DVC has taken the old metrics away before a stage runs.
    """
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *_NOT_WRITTEN_BY_STAGES)
        return f"{commit}-dirty" if changed else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    process = subprocess.run(  # noqa: S603 - fixed arguments
        ["git", "-C", str(root), *arguments],  # noqa: S607 - git is wherever the user has it
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout.strip()


def _python_files(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path]


def _hash_of(pairs: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256("\n".join(" ".join(pair) for pair in pairs).encode()).hexdigest()
