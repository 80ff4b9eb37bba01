"""What the documents speak of exists, and what exists is spoken of."""

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from opinionlens.base.settings import setting_names
from opinionlens.cli.main import app as commands

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked_files() -> list[str]:
    return subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_readme_names_every_stage():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert [stage for stage in stages if f"`{stage}`" not in README] == []


def test_readme_names_every_make_target_for_people():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+): .*## ", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", README))
    assert {"demo", "model", "serve", "test", "check"} <= named
    assert named <= targets


def test_workflows_and_ci_call_targets_that_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    callers = [ROOT / ".ci" / "run", *(ROOT / ".github" / "workflows").glob("*.yml")]
    called = {
        name
        for path in callers
        for name in re.findall(r"^[\s\w:-]*?make ([a-z-]+)", path.read_text(), flags=re.M)
    }
    assert {"test", "install", "newest"} <= called
    assert called <= targets


def test_commands_in_the_readme_exist():
    exist = set(get_command(commands).commands)
    named = set(re.findall(r"(?:uv run |`)opinionlens ([a-z-]+)", README))
    assert named <= exist
    assert {"promote", "predict", "explain"} <= named


def test_settings_page_lists_exactly_the_settings():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([A-Z_]+)`", page, flags=re.MULTILINE)
    assert listed == list(setting_names())


@pytest.mark.parametrize("name", ["env", "env.stage", "env.prod", "env.build"])
def test_templates_of_settings_name_only_settings(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    grouped = set(
        re.findall(
            r"^#? ?((?:MLFLOW|API|DATABASE|SECURITY|PRIVACY|DRIFT)__[A-Z_]+)=", text, flags=re.MULTILINE
        )
    )
    assert grouped <= set(setting_names())


def test_every_dependency_has_its_reason():
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8").lower()
    extras = PYPROJECT["project"]["optional-dependencies"]
    named = list(chain(PYPROJECT["project"]["dependencies"], *extras.values()))
    # What only an image or another environment holds.
    for path in (*(ROOT / "docker").glob("*.in"), ROOT / "requirements.models.in"):
        named += [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
    names = [re.split(r"[\[<>=!~ ]", requirement)[0].lower() for requirement in named]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_index_names_every_document():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)", index))
    documents = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(documents - {"index.md"} - linked) == []


def test_scripts_of_the_older_system_still_exist():
    scripts = PYPROJECT["project"]["scripts"]
    older = {"preprocess_data", "vectorize_data", "train_sklearn", "tune_sklearn", "evals", "register_model"}
    assert older <= set(scripts)
    for target in scripts.values():
        module, function = target.split(":")
        source = ROOT / "src" / Path(*module.split(".")).with_suffix(".py")
        assert f"def {function}(" in source.read_text(encoding="utf-8")


def test_nothing_of_this_kind_is_tracked():
    tracked = tracked_files()
    assert [name for name in tracked if Path(name).name in ("uv.lock", "pylock.toml", ".env")] == []
    assert [name for name in tracked if (ROOT / name).exists() and (ROOT / name).stat().st_size > 2**20] == []
    assert [name for name in tracked if name.startswith("data/raw/") and not name.endswith(".gitkeep")] == []
