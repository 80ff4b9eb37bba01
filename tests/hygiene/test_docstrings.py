"""First lines of docstrings are short and plain."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "opinionlens"
WRITTEN_BY_ALEMBIC = SOURCE / "storage" / "migrations" / "versions"
RIDDLE = re.compile(r"\b(what|who|whoever|whom|whose|nobody|somebody|anybody)\b", re.IGNORECASE)


def first_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield line number and first docstring line of the module, its classes and functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text.splitlines()[0]


def is_riddle(line: str) -> bool:
    return RIDDLE.search(line) is not None


def is_long(line: str) -> bool:
    return len(line.split()) > 10


def offenders(wrong: Callable[[str], bool]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line}"
        for path in sorted(SOURCE.rglob("*.py"))
        if WRITTEN_BY_ALEMBIC not in path.parents
        for number, line in sorted(first_lines(path.read_text(encoding="utf-8")))
        if wrong(line)
    ]


def test_no_first_line_is_a_riddle():
    assert offenders(is_riddle) == []


def test_no_first_line_has_more_than_ten_words():
    assert offenders(is_long) == []


def test_first_lines_of_all_kinds_are_read():
    assert (SOURCE / "__init__.py").is_file()
    source = '"""A."""\nclass B:\n    """B.\n\n    More."""\n    async def c(self):\n        """C."""\n'
    assert sorted(first_lines(source)) == [(1, "A."), (3, "B."), (7, "C.")]


@pytest.mark.parametrize("line", ["Say who asks.", "What is served", "Nobody's key"])
def test_riddles_are_recognized(line):
    assert is_riddle(line)


@pytest.mark.parametrize("line", ["Raise if a secret is too weak.", "Whatever is left", "The whole file"])
def test_plain_lines_are_left_alone(line):
    assert not is_riddle(line)


def test_eleven_words_are_long():
    assert is_long("one two three four five six seven eight nine ten eleven")
    assert not is_long("one two three four five six seven eight nine ten")
