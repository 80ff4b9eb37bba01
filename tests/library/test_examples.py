"""The examples of the documents run, and print what the documents say."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["docs/python.md", "README.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(document: str) -> list[tuple[str, str | None]]:
    """Return the code of each block in order, with the output that stands in the block behind it."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    found: list[tuple[str, str | None]] = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] == "python":
            is_output = (
                following and following[1] == "text" and not text[block.end() : following.start()].strip()
            )
            found.append((block[2], following[2] if following and is_output else None))
    return found


def outcomes(document: str) -> list[tuple[str, str | None]]:
    """Run the blocks of a document one after the other; return what each prints, and what it should print."""
    names: dict[str, object] = {"__name__": "example"}
    found = []
    for number, (code, expected) in enumerate(examples(document), 1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, f"{document}, example {number}", "exec"), names)  # noqa: S102 - our own
        found.append((printed.getvalue(), expected))
    return found


@pytest.fixture
def project(write_word_model, tmp_path, monkeypatch, bare_environment):
    """The folder in which the examples run: it holds a trained model."""
    write_word_model(tmp_path / "objects" / "classifier", {"great": 2.0, "bad": -2.0})
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_print_what_the_document_says(project, document):
    found = outcomes(document)
    assert len(found) >= 1
    for printed, expected in found:
        assert printed == (expected or "")


def test_a_wrong_output_would_be_noticed():
    blocks = examples("docs/python.md")
    assert sum(expected is not None for _, expected in blocks) >= 8
    assert all("print(" not in code for code, expected in blocks if expected is None)
