"""Column names of a file, without reading its rows."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from opinionlens.tabular.formats import FormatKind
from opinionlens.tabular.header import read_header
from opinionlens.tabular.json_rows import open_json
from opinionlens.tabular.lines import open_lines
from opinionlens.tabular.packing import content_format, open_input, seekable
from opinionlens.tabular.parquet_source import unreadable
from opinionlens.tabular.text_arrays import import_pyarrow

_JSON_ROWS = 100  # objects may lack members; more rows than that hardly name another one


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names in order.

    JSON has no header, so they are those of the first 100 objects.

    Raises:
        TableInvalid: the format is unknown, or the file is not of it.
    """
    match content_format(path).kind:
        case FormatKind.DELIMITED:
            with open_lines(path) as lines:
                names = read_header(lines, set(), lines.format.ending, path).names
            return tuple(name.strip() for name in names)
        case FormatKind.JSON:
            with open_json(path) as rows:
                first = [row.content or {} for row in islice(rows, _JSON_ROWS)]
            return tuple(dict.fromkeys(name for content in first for name in content))
        case FormatKind.PARQUET:
            return _names_of_parquet(path)


def _names_of_parquet(path: Path) -> tuple[str, ...]:
    pa, pq = import_pyarrow(path)
    with open_input(path) as opened, seekable(opened) as stream:
        try:
            return tuple(pq.read_schema(stream).names)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(error, path) from error
