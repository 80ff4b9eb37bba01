"""Tests and packages that `make mutants` names exist."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named_tests() -> dict[str, str]:
    """Read the table without importing the script, which needs cosmic-ray."""
    tree = ast.parse((ROOT / "scripts/mutants.py").read_text(encoding="utf-8"))
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and "TESTS" in ast.unparse(node.targets)
    )
    return dict(ast.literal_eval(table))


def test_named_tests_and_packages_exist() -> None:
    found = named_tests()
    assert found.keys() >= {"bulk", "tabular"}
    paths = [f"src/opinionlens/{package}" for package in found]
    paths += [path for tests in found.values() for path in tests.split()]
    assert [path for path in paths if not (ROOT / path).exists()] == []
