"""Opening of row files by the ending of their names."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.chunk import RowSource
from opinionlens.tabular.delimited_source import open_delimited_source
from opinionlens.tabular.formats import FormatKind
from opinionlens.tabular.json_source import open_json_source
from opinionlens.tabular.packing import content_format
from opinionlens.tabular.parquet_source import open_parquet_source


def check_plain_file(path: Path) -> None:
    """Raise unless the path is that of a plain file.

    Raises:
        TableInvalid: it is missing, a folder, a pipe or a device.
        PermissionError: it is in a closed folder.
    """
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise
    except (OSError, ValueError):  # missing, too long for a name, or with characters that no name has
        mode = 0
    if S_ISREG(mode):
        return
    if S_ISDIR(mode):
        what, remedy = "This is a folder.", "Name one of its files."
    elif mode:
        what, remedy = "This is no plain file.", "Save it as a file first."
    else:
        what, remedy = "There is no such file.", "Check the path."
    raise TableInvalid(what, where=str(path), remedy=remedy)


def open_source(path: Path, text_column: str) -> AbstractContextManager[RowSource]:
    """Open an input file in the format of its ending.

    Args:
        path: the file; its ending says the format (`formats.ENDINGS`), packed or not.
        text_column: the column that holds the texts.

    Raises:
        TableInvalid: the format is unknown, the file is not of it, or has no such column.
    """
    match content_format(path).kind:
        case FormatKind.DELIMITED:
            return open_delimited_source(path, text_column)
        case FormatKind.JSON:
            return open_json_source(path, text_column)
        case FormatKind.PARQUET:
            return open_parquet_source(path, text_column)
