"""Every tracked YAML, JSON and TOML file can be read, and says nothing twice."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]


def of_kind(*endings):
    return [path for path in TRACKED if path.suffix in endings and path.exists()]


def without_repeats(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a name twice: {names}")
    return dict(pairs)


def read_json(text):
    return json.loads(text, object_pairs_hook=without_repeats)


@pytest.mark.parametrize("path", of_kind(".json"), ids=lambda path: str(path.relative_to(ROOT)))
def test_json(path):
    assert read_json(path.read_text(encoding="utf-8"))


def test_json_with_a_name_twice_is_refused():
    with pytest.raises(ValueError, match="a name twice"):
        read_json('{"deep": [{"a": 1, "b": 2, "a": 3}]}')


@pytest.mark.parametrize("path", of_kind(".toml"), ids=lambda path: str(path.relative_to(ROOT)))
def test_toml(path):
    assert tomllib.loads(path.read_text(encoding="utf-8"))


def yamllint(*paths):
    command = [Path(sys.executable).parent / "yamllint", "--strict", "--config-file", ROOT / ".yamllint.yaml"]
    return subprocess.run([*command, *paths], capture_output=True, text=True, timeout=120, check=False)


def test_yaml():
    files = of_kind(".yaml", ".yml")
    assert len(files) > 20
    done = yamllint(*files)
    assert (done.returncode, done.stdout) == (0, "")


def test_yaml_with_a_name_twice_is_refused(tmp_path):
    (tmp_path / "twice.yaml").write_text("a: 1\nb: 2\na: 3\n")
    assert "duplication of key" in yamllint(tmp_path / "twice.yaml").stdout
