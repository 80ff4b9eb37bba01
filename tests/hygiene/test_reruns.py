"""What CI forgives: a few tests that pass at the second try, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

UNSTEADY = """
import pathlib
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_second_time(number):
    been_here = pathlib.Path(__file__).with_name(str(number))
    if not been_here.exists():
        been_here.touch()
        assert False, "the first time"
"""


def run(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_made_up.py").write_text(source)
    command = ["-p", "tests.support.reruns", "-p", "no:cacheprovider", "--reruns=1", str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", f"--rootdir={folder}", "-c", os.devnull, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("count", "status"), [(5, 0), (6, 1)])
def test_five_may_pass_at_the_second_try_and_are_named(tmp_path: Path, count: int, status: int) -> None:
    result = run(tmp_path, UNSTEADY.format(count=count))
    assert result.returncode == status, result.stdout
    assert result.stdout.count("UNSTEADY ") == count
    assert result.stdout.count("AssertionError: the first time") == count


def test_nobody_passes_at_the_third(tmp_path: Path) -> None:
    result = run(tmp_path, "def test_never():\n    assert False\n")
    assert result.returncode == 1
    assert "1 failed, 1 rerun" in result.stdout
