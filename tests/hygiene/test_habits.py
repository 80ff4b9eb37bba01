"""Files that people and their tools expect at the root, and their form."""

import json
import re
import struct
import sys
import tomllib
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PICTURES = ROOT / "docs" / "pictures"
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def test_changelog_keeps_its_form():
    titles = re.findall(r"^## (.+)$", CHANGELOG, flags=re.MULTILINE)
    assert titles[0] == "[Unreleased]"
    released = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", title) for title in titles[1:]]
    assert all(released)
    days = [date.fromisoformat(title[2]) for title in released]
    assert days == sorted(days, reverse=True)
    kinds = set(re.findall(r"^### (.+)$", CHANGELOG, flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_changelog_has_a_section_for_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\n## [{version}] - " in CHANGELOG


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.name != "config.yml"], ids=lambda path: path.stem
)
def test_issue_forms_can_be_filled_in(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", ".editorconfig"]
)
def test_root_has_the_usual_files(name):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_hooks_download_nothing():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}
    for hook in (hook for repo in hooks["repos"] for hook in repo["hooks"]):
        program, *rest = hook["entry"].split()
        assert hook["language"] == "system"
        assert program.startswith(".venv/bin/") or [program, *rest] == ["make", "check"]
        assert program == "make" or (Path(sys.executable).parent / Path(program).name).is_file()


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.png")), ids=lambda path: path.stem)
def test_screenshots_are_wide_and_small(path):
    data = path.read_bytes()
    width, _ = struct.unpack(">II", data[16:24])
    assert width == 1280
    assert len(data) < 200_000


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.stem)
def test_drawings_load_and_run_nothing(path):
    drawing = ElementTree.fromstring(path.read_bytes())  # noqa: S314 - our own files
    names = {element.tag.partition("}")[2] for element in drawing.iter()}
    assert not names & {"script", "image", "foreignObject"}
    links = [value for element in drawing.iter() for key, value in element.items() if key.endswith("href")]
    assert [link for link in links if not link.startswith("#")] == []
    assert "@import" not in path.read_text(encoding="utf-8")


def test_every_picture_is_shown_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    assert [path.name for path in PICTURES.iterdir() if f"pictures/{path.name}" not in text] == []


def test_lock_of_npm_pins_by_digest_and_names_no_address():
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: pin for name, pin in lock["packages"].items() if name}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked["devDependencies"]} == asked[
        "devDependencies"
    ]
    assert [
        name for name, pin in packages.items() if not pin.get("integrity", "").startswith("sha512-")
    ] == []
    assert [name for name, pin in packages.items() if "resolved" in pin] == []
    assert "dependencies" not in asked, "the pages need no package"


def test_every_npm_package_has_its_reason():
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert [name for name in asked if f"| `{name}` |" not in page] == []


def test_scripts_with_tests_of_their_own_are_typed():
    tested = [path.relative_to(ROOT / "tests" / "js") for path in (ROOT / "tests" / "js").rglob("*.test.js")]
    modules = [ROOT / "static" / "js" / str(path).replace(".test.js", ".js") for path in tested]
    assert len(modules) >= 14
    untyped = [
        path.name for path in modules if not path.read_text(encoding="utf-8").startswith("// @ts-check\n")
    ]
    assert untyped == []
