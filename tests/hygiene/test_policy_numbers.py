"""Tests write policy numbers out; one that reads them from the code passes whatever they become."""

import ast
import importlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from opinionlens.base.settings import _GROUPS

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
# The one place that compares defaults of settings with the numbers that users know.
ABOUT_SETTINGS = "base/test_settings.py"


def is_number(value: object) -> bool:
    """Numbers, durations, and rows of them (edges, quantiles); neither truth values nor names."""
    if isinstance(value, tuple | list | set | frozenset) and value:
        return all(is_number(item) for item in value)
    return isinstance(value, int | float | timedelta) and not isinstance(value, bool)


@cache
def value_of(module: str, name: str) -> object:
    value = getattr(importlib.import_module(module), name, None)
    if value is None:  # a module that nobody has imported yet is no attribute of its package
        try:
            return importlib.import_module(f"{module}.{name}")
        except ModuleNotFoundError:
            return None
    return value


def is_ours(module: str | None) -> bool:
    return (module or "").partition(".")[0] == "opinionlens"


def policy_numbers_read(source: str) -> list[str]:
    """Return which numbers of the code a test module reads: imported, or as an attribute of a module."""
    tree = ast.parse(source)
    modules: dict[str, str] = {}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and is_ours(node.module):
            for alias in node.names:
                value = value_of(node.module, alias.name)
                if isinstance(value, ModuleType):
                    modules[alias.asname or alias.name] = value.__name__
                elif alias.name.isupper() and is_number(value):
                    found.append(f"{node.module}.{alias.name}")
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name: alias.name for alias in node.names if is_ours(alias.name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.isupper() and isinstance(node.ctx, ast.Load):
            module = modules.get(ast.unparse(node.value))
            if module is not None and is_number(value_of(module, node.attr)):
                found.append(f"{module}.{node.attr}")
    return found


def settings_read(source: str) -> list[str]:
    """Return which numeric settings a test module reads, such as `settings.api.max_batch_items`."""
    numeric = {
        f"{group}.{name}"
        for group, model in _GROUPS.items()
        for name, field in model.model_fields.items()
        if is_number(field.default)
    }
    attributes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute))
    return [
        ast.unparse(node)
        for node in attributes
        if isinstance(node.value, ast.Attribute) and f"{node.value.attr}.{node.attr}" in numeric
    ]


def test_no_test_reads_a_policy_number_from_the_code():
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("*.py"))}
    read = {
        path.relative_to(TESTS).as_posix(): policy_numbers_read(source) for path, source in sources.items()
    }
    assert {name: numbers for name, numbers in read.items() if numbers} == {}


def test_no_test_reads_a_default_of_a_setting():
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("*.py"))}
    read = {path.relative_to(TESTS).as_posix(): settings_read(source) for path, source in sources.items()}
    assert {name: settings for name, settings in read.items() if settings and name != ABOUT_SETTINGS} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            "from opinionlens.accounts.browser_sessions import _LONGEST",
            ["opinionlens.accounts.browser_sessions._LONGEST"],
        ),
        (
            "from opinionlens.serving import batching\nassert batching.CHUNK_ITEMS",
            ["opinionlens.serving.batching.CHUNK_ITEMS"],
        ),
        (
            "import opinionlens.text.memo\nassert opinionlens.text.memo.LONGEST",
            ["opinionlens.text.memo.LONGEST"],
        ),
        ("from opinionlens.drift.reference import QUANTILES", ["opinionlens.drift.reference.QUANTILES"]),
        ("from opinionlens.text.labels import LABELS", []),
        ("from opinionlens.registry.port import CHAMPION", []),
        ("from opinionlens.web import bounded_heads\npatch(bounded_heads, 'HEAD_SECONDS', 0.2)", []),
    ],
)
def test_the_check_sees_them(source, found):
    assert policy_numbers_read(source) == found


def test_the_check_sees_settings():
    assert settings_read("assert Settings().api.max_batch_items == n") == ["Settings().api.max_batch_items"]
    assert settings_read("settings.api.host, limits.max_batch_items") == []
