from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.tabular.packing import open_input


def test_what_a_small_archive_unpacks_to_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "in.csv.gz"
    with gzip.open(path, "wb", 1) as stream:
        for _ in range(260):
            stream.write(b"x" * 1_000_000)
    assert path.stat().st_size < 2_000_000
    taken = 0
    with open_input(path) as opened, pytest.raises(TableInvalid, match="unpacks to more than"):
        while True:
            taken += len(opened.stream.read(1_000_000))
    # Two hundred megabytes for any, and two hundred times the size of a larger one.
    limit = max(200_000_000, 200 * path.stat().st_size)
    assert limit - 2_000_000 <= taken <= limit
