"""Writing of texts as reproducible bytes.

Equal content gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

# The columns that later stages may rely on; the text is the raw one.
COLUMNS: Final = ("text", "label", "source", "group", "time", "confidence", "split")


def write_frames(frames: Mapping[str, pl.DataFrame], folder: Path) -> None:
    """Write each frame as `<name>.parquet` into an existing folder."""
    for name, frame in frames.items():
        # All that could differ between versions or machines is fixed here rather than left to defaults.
        frame.select(COLUMNS).write_parquet(
            folder / f"{name}.parquet",
            compression="zstd",
            compression_level=3,
            statistics=True,
            row_group_size=1 << 17,
        )
