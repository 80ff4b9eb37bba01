from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from opinionlens.tabular.cells import Quoting
from opinionlens.tabular.delimited import open_delimited
from opinionlens.tabular.row_problems import RowProblem


class Read(NamedTuple):
    cells: list[list[str]]
    problems: list[RowProblem | None]
    quoting: Quoting
    notes: tuple[str, ...]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Read]:
    """Write the content to a file of that ending and read its rows."""
    folder: Path = tmp_path_factory.mktemp("delimited")

    def run(content: str | bytes, ending: str = ".csv", column: str = "text") -> Read:
        path = folder / f"in{ending}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with open_delimited(path, {column}) as rows:
            found = list(rows)
            return Read(
                [row.cells for row in found], [row.problem for row in found], rows.quoting, rows.notes()
            )

    return run
