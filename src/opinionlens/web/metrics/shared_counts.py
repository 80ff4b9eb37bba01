"""Folder in which several workers count together.

Each worker writes its own files; a scrape of any worker adds up all of them. The parent makes the folder
before the workers start. When a worker ends, its live gauges go, and its counts move into one file for all
that have ended, so that totals never fall and the folder does not grow however often workers are replaced.

    <folder>/<kind>_<pid>.db    counts of one worker; pid 0: of all that have ended
    <folder>/lock               shared by readers, exclusive while counts move
    <folder>/owner              held by the parent for as long as it lives
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opinionlens.base.file_locks import lock

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_PREFIX = "opinionlens-metrics-"
_LOCK, _OWNER = "lock", "owner"
_ENDED = 0


@contextmanager
def counting_together() -> Iterator[Path]:
    """Make a folder for the workers started within the block.

    It is removed afterwards, as are folders whose parents were killed.
    """
    parent = Path(tempfile.gettempdir())
    _remove_orphans(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    (folder / _LOCK).touch()
    before = os.environ.get(FOLDER_VARIABLE)
    with (folder / _OWNER).open("w") as owner:
        lock(owner)
        os.environ[FOLDER_VARIABLE] = str(folder)
        try:
            yield folder
        finally:
            if before is None:
                del os.environ[FOLDER_VARIABLE]
            else:
                os.environ[FOLDER_VARIABLE] = before
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def while_reading(folder: Path) -> Iterator[None]:
    """Lock the counts in their files during the block."""
    try:
        handle = (folder / _LOCK).open("rb")
    except FileNotFoundError:  # a folder of another program, where no counts move
        yield
        return
    with handle:
        lock(handle, shared=True)
        yield


def retire(folder: Path, pid: int) -> None:
    """Keep the counts of an ended worker, drop its gauges.

    Only gauges that hold for a living worker are dropped.
    """
    from prometheus_client.multiprocess import mark_process_dead

    with (folder / _LOCK).open("rb") as handle:
        lock(handle)
        mark_process_dead(pid, str(folder))
        for path in sorted(folder.glob(f"*_{pid}.db")):
            kind = path.name.removesuffix(f"_{pid}.db")
            _add_up(path, folder / f"{kind}_{_ENDED}.db")
            path.unlink()


def _add_up(source: Path, target: Path) -> None:
    """Add the values of one file to another.

    The target appears or changes all at once.
    """
    from prometheus_client.mmap_dict import MmapedDict

    aside = target.with_suffix(".aside")  # readers look for *.db
    if target.exists():
        shutil.copyfile(target, aside)
    else:
        aside.unlink(missing_ok=True)
    sums = MmapedDict(str(aside))
    try:
        for key, value, at, _ in MmapedDict.read_all_values_from_file(str(source)):
            old, _ = sums.read_value(key)
            sums.write_value(key, value + old, at)
    finally:
        sums.close()
    aside.replace(target)


def _remove_orphans(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        try:
            with (folder / _OWNER).open("rb") as owner:
                lock(owner, wait=False)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its parent lives, it is just being made, or it is another user's
            continue
