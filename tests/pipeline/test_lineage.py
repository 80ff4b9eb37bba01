"""Hashes that name a study, and the commit an artifact came from."""

import subprocess

import grimp
import pytest

from opinionlens.pipeline import lineage
from opinionlens.pipeline.lineage import git_commit, hash_of_code, hash_of_files, hash_of_values


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("1")
    (tmp_path / "two").write_text("2")
    return tmp_path


def test_hash_of_files_follows_content_and_names(folder):
    before = hash_of_files(folder)
    assert hash_of_files(folder) == before
    (folder / "two").write_text("3")
    changed = hash_of_files(folder)
    (folder / "two").write_text("2")
    (folder / "two").rename(folder / "three")
    assert len({before, changed, hash_of_files(folder)}) == 3


def test_hash_of_values_ignores_the_order_of_keys():
    assert hash_of_values({"a": 1, "b": [2]}) == hash_of_values({"b": [2], "a": 1})
    assert hash_of_values({"a": 1}) != hash_of_values({"a": 2})


def test_hash_of_code_covers_all_that_decides_a_trial():
    graph = grimp.build_graph("opinionlens")
    shells = {"opinionlens.pipeline.study", "opinionlens.pipeline.trials"}
    deciding = set().union(*(graph.find_upstream_modules(shell) for shell in shells)) | shells
    # They read files and say what is wrong; neither changes a number.
    deciding -= {
        "opinionlens",
        "opinionlens.base",
        "opinionlens.base.progress",
        "opinionlens.base.urls",
        "opinionlens.base.errors",
        "opinionlens.base.files",
        "opinionlens.base.typed_json",
        "opinionlens.pipeline",
    }
    covered = tuple(f"opinionlens.{part.removesuffix('.py').replace('/', '.')}" for part in lineage._CODE)
    assert {module for module in deciding if not module.startswith(covered)} == set()


def test_hash_of_code_changes_with_a_library(monkeypatch):
    before = hash_of_code()
    monkeypatch.setattr(lineage, "version", lambda name: "0.0.0")
    assert hash_of_code() != before


@pytest.fixture
def git(tmp_path):
    """A function that runs git in `tmp_path`."""

    def run(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    return run


def test_commit_says_when_files_differ_from_it(git, tmp_path):
    assert git_commit(tmp_path) is None
    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "one")
    clean = git_commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "file").write_text("2")
    assert git_commit(tmp_path) == f"{clean}-dirty"


def test_what_stages_write_does_not_make_the_code_dirty(git, tmp_path):
    git("init", "-q")
    (tmp_path / "metrics").mkdir()
    for name in ("code.py", "dvc.lock", "metrics/tune_sklearn.json"):
        (tmp_path / name).write_text("before")
    git("add", ".")
    git("commit", "-qm", "one")
    clean = git_commit(tmp_path)
    (tmp_path / "dvc.lock").write_text("after")
    (tmp_path / "metrics" / "tune_sklearn.json").unlink()
    assert git_commit(tmp_path) == clean
    (tmp_path / "code.py").write_text("after")
    assert git_commit(tmp_path) == f"{clean}-dirty"
