"""One name, one meaning: classes and modules are told apart by their names alone."""

import ast
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "opinionlens"

FEATURES = ("feedback", "inference", "keys", "models", "sentiment", "service")

# The same role in packages that are alike: the name says the role, the package says of what.
SAME_ROLE = {
    "answers": {"web/api", "web/api/models"},
    "catalogue": {"datasets", "families", "web/metrics"},
    "errors": {"accounts", "base", "deployment", "storage"},
    "main": {"app", "cli"},
    "memory": {"hub", "registry", "tracking"},
    "mlflow": {"registry", "tracking"},
    "port": {"hub", "registry", "tracking"},
    "routes": {f"web/api/{name}" for name in FEATURES},
    "schemas": {"web/http", "web/api/feedback", "web/api/models"},
}


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def repeated(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in found.items() if len(places) > 1}


def classes_in(source: str) -> list[str]:
    return [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]


def test_the_search_sees_classes():
    assert classes_in("class One:\n    class Inner: ...\nclass _Two(One): ...\n") == ["One", "_Two"]


def test_no_class_name_is_defined_twice():
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for name in classes_in(path.read_text(encoding="utf-8")):
            found[name].append(path.relative_to(SOURCE).as_posix())
    assert len(found) > 300
    assert repeated(found) == {}


def test_modules_share_a_name_only_for_the_same_role():
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        if path.name != "__init__.py":
            found[path.stem].append(path.parent.relative_to(SOURCE).as_posix())
    allowed = {name: sorted(packages) for name, packages in SAME_ROLE.items()}
    assert {name: sorted(places) for name, places in repeated(found).items()} == allowed
