"""The source `disk`: `drift/recent.npz`, else `drift/recent.json`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from opinionlens.base.errors import InputError
from opinionlens.drift.window_summary import WindowSummary, summary_in
from opinionlens.jobs.drift_sources.drift_source import SourceName, broken, nothing_there
from opinionlens.jobs.drift_sources.window_files import FILE_NAMES, read_window_file

DRIFT_FOLDER = Path("drift")


class DiskSource:
    """The window in a folder of this machine."""

    name: SourceName = "disk"

    def __init__(self, folder: Path = DRIFT_FOLDER) -> None:
        """Read nothing yet."""
        self._folder = folder

    def newest(self) -> WindowSummary:
        """See `DriftSource.newest`; the `.npz` goes first, as ever."""
        for path in (self._folder / name for name in FILE_NAMES):
            try:
                return summary_of_file(path)
            except FileNotFoundError:
                continue
            except InputError as error:
                raise broken(error) from error
        raise nothing_there(f"There is no {' or '.join(FILE_NAMES)}.", where=str(self._folder))


def summary_of_file(path: Path) -> WindowSummary:
    """Return the window in a file.

    Its time is that of the writing, unless it says another.

    Raises:
        FileNotFoundError: there is none.
        InputError: it is of another form.
    """
    values = read_window_file(path)
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise FileNotFoundError(str(path)) from error
    return summary_in(values, at=written, place=str(path))
