"""The digest of what reads texts names every rule and list."""

from pathlib import Path

import pytest

from opinionlens.text import rules_digest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "negation.py").write_text("REACH = 4\n")
    (tmp_path / "lexicons" / "words.tsv").write_text("good\t1.9\n")
    (tmp_path / "lexicons" / "phrases.txt").write_text("no complaints\n")
    monkeypatch.setattr(rules_digest, "_FOLDER", tmp_path)
    return tmp_path


def digest() -> str:
    return rules_digest.text_rules_digest.__wrapped__()


@pytest.mark.parametrize("name", ["negation.py", "lexicons/words.tsv", "lexicons/phrases.txt"])
def test_a_change_gives_another_digest(folder: Path, name: str) -> None:
    before = digest()
    (folder / name).write_text("changed\n")
    assert digest() != before


def test_line_ends_and_compiled_files_do_not_count(folder: Path) -> None:
    before = digest()
    (folder / "negation.py").write_bytes(b"REACH = 4\r\n")
    (folder / "negation.cpython-311.pyc").write_bytes(b"\0")
    assert digest() == before


def test_the_lists_that_come_with_it_are_read() -> None:
    assert len(rules_digest.text_rules_digest()) == 64
    assert {path.suffix for path in rules_digest._FOLDER.rglob("*.*")} >= {".py", ".txt", ".tsv"}
