"""Texts without labels from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.pipeline.kind_params import UnlabelledFile
from opinionlens.pipeline.unlabelled_texts import read_unlabelled


def file(path: Path, texts: list[str | None], column: str = "text") -> UnlabelledFile:
    path.write_text("".join(json.dumps({column: text}) + "\n" for text in texts))
    return UnlabelledFile(path=path.name, text_column=column)


def test_each_text_once_and_none_that_has_a_label(tmp_path: Path) -> None:
    files = [
        file(tmp_path / "a.jsonl", ["The bus came.", "the bus came!", None, "It rains", "A known one"]),
        file(tmp_path / "b.jsonl", ["It rains.", "Another"], column="body"),
    ]
    found = read_unlabelled(files, tmp_path, ["a known ONE."], most=10, seed=1)
    assert sorted(found.texts) == ["Another", "It rains", "The bus came."]
    assert (found.read, found.unusable, found.labelled) == (7, 1, 1)


def test_the_draw_hangs_on_seed_and_texts_alone(tmp_path: Path) -> None:
    texts: list[str | None] = [f"text number {number}" for number in range(500)]
    forwards, backwards = file(tmp_path / "a.jsonl", texts), file(tmp_path / "b.jsonl", texts[::-1])
    drawn = [
        set(read_unlabelled([one], tmp_path, [], most=20, seed=seed).texts)
        for one, seed in ((forwards, 1), (backwards, 1), (forwards, 2))
    ]
    assert len(drawn[0]) == 20
    assert drawn[0] == drawn[1] != drawn[2]
    more = read_unlabelled([file(tmp_path / "c.jsonl", [*texts, "a new one"])], tmp_path, [], most=20, seed=1)
    assert len(drawn[0] & set(more.texts)) >= 19


@pytest.mark.parametrize(("name", "content"), [("none.csv", None), ("a.csv", "other\nx\n"), ("a.bin", "x")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: str | None) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(StageFailed, match=name):
        read_unlabelled([UnlabelledFile(path=name)], tmp_path, [], most=10, seed=1)
