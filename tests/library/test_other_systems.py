"""Loading and predicting on systems that lack what only some have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# What Windows lacks; uvloop is not installed there either.
NOT_ON_WINDOWS = ("fcntl", "grp", "pwd", "resource", "termios", "uvloop")
HIDE = f"import sys\nsys.modules.update(dict.fromkeys({NOT_ON_WINDOWS!r}))\n"
# Modules that may name them, each with a way to do without.
KNOWING = {"fcntl": {"file_locks.py"}, "resource": {"descriptors.py"}}
SOURCE = Path(__file__).parents[2] / "src" / "opinionlens"


def run(code, *arguments):
    call = [sys.executable, "-c", HIDE + code, *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_word_list_and_an_artifact_answer(write_word_model, tmp_path):
    write_word_model(tmp_path / "mine", {"great": 2.0})
    code = (
        "import opinionlens\n"
        "for model in (opinionlens.lexicon(), opinionlens.load(sys.argv[1])):\n"
        "    print(model.predict('great').label, model.predict_proba(['great', 'so so']).shape)\n"
    )
    assert run(code, tmp_path / "mine") == "POSITIVE (2, 3)\nPOSITIVE (2, 3)\n"


@pytest.mark.parametrize(
    "module", ["cli.main", "cli.serve", "serving.cache", "serving.fetches", "storage.database"]
)
def test_importing_needs_none_of_them(module):
    assert run(f"import opinionlens.{module}\nprint('imported')") == "imported\n"


@pytest.mark.parametrize("module", ["conftest", "support.ports", "support.web_app"])
def test_these_tests_can_be_loaded_without_them(module):
    code = f"sys.path.insert(0, {str(SOURCE.parents[1])!r})\nimport tests.{module}\nprint('imported')"
    assert run(code) == "imported\n"


def test_open_files_are_not_counted_without_resource():
    """1,000 connections, and room for 128 other files."""
    code = "from opinionlens.server.descriptors import raise_open_files\nprint(raise_open_files(1000))"
    assert run(code) == "1128\n"


@pytest.mark.parametrize("name", NOT_ON_WINDOWS)
def test_only_known_modules_name_them(name):
    naming = {
        path.name
        for path in SOURCE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.split()[:2] in (["import", name], ["from", name]) or f'import_module("{name}")' in line
    }
    assert naming == KNOWING.get(name, set())
