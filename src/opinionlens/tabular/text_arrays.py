"""Arrow columns of text, for formats without types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.encoding import without_surrogates


def import_pyarrow(path: Path) -> tuple[ModuleType, ModuleType]:
    """Return `pyarrow` and `pyarrow.parquet`.

    Raises:
        TableInvalid: it is not installed; the message says what to do.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise TableInvalid(
            "Parquet files need the package pyarrow, which is not installed.",
            where=str(path),
            remedy="Install it with `pip install 'opinionlens[pipeline]'`, or use CSV or JSON lines.",
        ) from error
    return pyarrow, pyarrow.parquet


def text_schema(names: Sequence[str]) -> Any:  # noqa: ANN401 - pyarrow's
    """Return a schema of text columns."""
    import pyarrow as pa

    return pa.schema([(without_surrogates(name), pa.string()) for name in names])


def text_arrays(rows: Sequence[Sequence[str]], width: int) -> list[Any]:
    """Return rows of text cells as columns."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else [()] * width
    return [pa.array([without_surrogates(cell) for cell in column], pa.string()) for column in columns]
