from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opinionlens.base.errors import TableInvalid
from opinionlens.bulk import BatchReport, predict_rows

Score = Callable[..., tuple[BatchReport, Path]]
MODEL = {"text_column": "text", "model_name": "m", "model_version": "1"}


class Bars:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.total: float | None = None
        self.unit: str | None = None
        self.shown = 0.0

    @contextmanager
    def track(
        self, description: str, total: float | None = None, *, unit: str | None = None
    ) -> Iterator[Bars]:
        self.total, self.unit = total, unit
        yield self

    def advance(self, amount: float = 1) -> None:
        assert amount >= 0
        self.shown += amount


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_progress_ends_at_the_total(tmp_path: Path, classifier: Any, name: str) -> None:
    lines = ["text", *["some words"] * 5_000] if name == "in.csv" else ['{"text": "some words"}'] * 5_000
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    bars = Bars()
    predict_rows(classifier, tmp_path / name, tmp_path / f"o{name}", **MODEL, reporter=bars)
    assert bars.shown == bars.total == (tmp_path / name).stat().st_size
    assert bars.unit == "byte"


@pytest.mark.parametrize("name", ["in.xlsx", "in", "in.xlsx.gz", "in.gz"])
def test_an_unknown_ending_is_refused(tmp_path: Path, classifier: Any, name: str) -> None:
    (tmp_path / name).write_text("text\na\n")
    with pytest.raises(TableInvalid, match="not known by its ending"):
        predict_rows(classifier, tmp_path / name, tmp_path / f"out-{name}", **MODEL)


def test_the_input_is_never_replaced(tmp_path: Path, classifier: Any) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\na\n")
    (tmp_path / "link.csv").symlink_to(source)
    for target in (source, tmp_path / "link.csv"):
        with pytest.raises(TableInvalid, match="replace the input"):
            predict_rows(classifier, source, target, **MODEL)
    assert source.read_text() == "text\na\n"


def test_no_cell_is_changed_for_spreadsheets_unless_asked(tmp_path: Path, classifier: Any) -> None:
    (tmp_path / "in.csv").write_text("text\n=1+1\n")
    predict_rows(classifier, tmp_path / "in.csv", tmp_path / "out.csv", **MODEL)
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("=1+1,")


def test_a_missing_file_is_named(tmp_path: Path, classifier: Any) -> None:
    with pytest.raises(TableInvalid, match=r"no such file.*gone\.csv"):
        predict_rows(classifier, tmp_path / "gone.csv", tmp_path / "out.csv", **MODEL)
    with pytest.raises(TableInvalid, match="This is a folder"):
        (tmp_path / "folder.csv").mkdir()
        predict_rows(classifier, tmp_path / "folder.csv", tmp_path / "out.csv", **MODEL)


def test_a_failure_leaves_the_old_output_and_nothing_else(tmp_path: Path) -> None:
    class Failing:
        def predict_many(self, texts: Any) -> Any:
            raise KeyboardInterrupt

    (tmp_path / "in.csv").write_text("text\na\n")
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        predict_rows(Failing(), tmp_path / "in.csv", tmp_path / "out.csv", **MODEL)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_long_texts_make_small_chunks(score: Score, classifier: Any) -> None:
    long = "x" * 400_000
    score("in.csv", "text\n" + f"{long}\n" * 10)
    assert max(classifier.seen) == 3


# Not `ru_maxrss`: that starts at the peak of the process that started this one, pytest's, which would hide
# whatever the child takes.
MEMORY = """
import re, sys
from pathlib import Path
from opinionlens.classifiers.load import load_classifier
from opinionlens.bulk import predict_rows
model, source, target = map(Path, sys.argv[1:])
predict_rows(load_classifier(model), source, target, text_column="text", model_name="m", model_version="1")
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
ROW = "one two three four five " * 20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, write_word_model: Any, name: str) -> None:
    write_word_model(tmp_path / "model", {"one": 2.0, "two": -1.0})

    def peak(rows: int) -> int:
        lines = ["text"] + [ROW] * rows if name == "in.csv" else [f'{{"text": "{ROW}"}}'] * rows
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        call = [sys.executable, "-c", MEMORY, *(tmp_path / part for part in ("model", name, f"out-{name}"))]
        return int(subprocess.run(call, capture_output=True, text=True, check=True).stdout)

    few, many = peak(4_000), peak(32_000)
    # 28,000 rows more are 13 MB of text, and as much again as Python strings.
    assert many - few < 5_000


def test_importing_loads_no_pyarrow() -> None:
    heavy = "{'pyarrow', 'pandas', 'polars', 'sklearn'}"
    code = f"import opinionlens.bulk, sys; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
