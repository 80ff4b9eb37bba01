"""`opinionlens models`: what the registry has, for people and for programs, and a version in a folder."""

import contextlib
import json
import subprocess
import sys

import pytest
from tests.support.programs import clean_environment
from typer.testing import CliRunner

from opinionlens.base.errors import InputError, RegistryUnavailable, VersionNotServable
from opinionlens.cli import registries
from opinionlens.cli.main import app
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.mlflow import MlflowRegistry

NAME = "opinionlens"


@pytest.fixture(autouse=True)
def folder(bare_environment, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def fill(registry, write_word_model, folder):
    """Register a version with a score, which becomes champion."""
    digest = write_word_model(folder, {"great": 1.0})
    scores = {"test_f1_score": 0.7654}
    registry.register(NAME, folder, digest=digest, run_id=None, tags={"kind": "linear"}, scores=scores)
    registry.set_alias(NAME, "champion", 1)
    return digest


@pytest.fixture
def registry(monkeypatch, write_word_model, tmp_path):
    """A version of ours and a foreign one, in the place of the registry that the settings name."""
    memory = MemoryRegistry()
    monkeypatch.setattr(registries, "open_registry", lambda *args: contextlib.nullcontext(memory))
    memory.digest = fill(memory, write_word_model, tmp_path / "made")
    memory.add_foreign(NAME)
    return memory


def run(*words):
    return CliRunner().invoke(app, ["models", *words], catch_exceptions=False)


def test_the_list_names_versions_with_alias_score_and_reason(registry):
    lines = run("list").stdout.splitlines()
    assert lines[1].split()[:2] == [NAME, "2"]
    assert lines[1].rstrip().endswith("no")
    assert lines[2].split()[:2] == [NAME, "1"]
    assert lines[2].split()[2:5] == ["champion", "linear", "0.765"]
    assert lines[2].rstrip().endswith("yes")
    assert lines[3].startswith(f"{NAME} 2 cannot be served. It holds no artifact of OpinionLens")


def test_programs_get_the_list_as_json(registry):
    foreign, ours = json.loads(run("list", "--json").stdout)
    assert (foreign["model_version"], foreign["servable"]) == (2, False)
    assert "pickle" in foreign["why_not_servable"]
    assert ours["digest"] == registry.digest
    assert (ours["aliases"], ours["kind"], ours["servable"]) == (["champion"], "linear", True)
    assert ours["scores"] == {"test_f1_score": 0.7654}


def test_an_empty_registry_is_said(monkeypatch):
    monkeypatch.setattr(registries, "open_registry", lambda *args: contextlib.nullcontext(MemoryRegistry()))
    assert "no model" in run("list").stderr
    assert json.loads(run("list", "--json").stdout) == []


def test_a_download_says_what_came_and_where_it_lies(registry, tmp_path):
    shown = run("download", f"{NAME}@champion", "--to", "served").stdout
    assert f"{NAME} 1 (linear) is now in {tmp_path / 'served'}" in shown
    assert registry.digest in shown
    assert "was already" in run("download", f"{NAME}/1", "--to", "served").stdout
    fields = json.loads(run("download", f"models:/{NAME}/1", "--to", "served", "--json").stdout)
    assert (fields["digest"], fields["is_new"]) == (registry.digest, False)


def test_a_tilde_means_the_home_folder(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    run("download", f"{NAME}@champion", "--to=~/served")
    assert (tmp_path / "home" / "served" / "manifest.json").exists()


def test_errors_are_those_of_the_registry(registry):
    with pytest.raises(VersionNotServable):
        run("download", f"{NAME}/2", "--to", "served")
    with pytest.raises(InputError, match="names no version"):
        run("download", NAME, "--to", "served")
    registry.reachable = False
    with pytest.raises(RegistryUnavailable):
        run("list")


@pytest.mark.slow
def test_a_real_registry_fills_a_folder_that_predicts(write_word_model, new_mlflow_database, tmp_path):
    uri = new_mlflow_database(tmp_path / "runs.db")
    fill(MlflowRegistry(uri), write_word_model, tmp_path / "made")
    environment = clean_environment(MLFLOW_TRACKING_URI=uri)

    def call(*words):
        command = [sys.executable, "-m", "opinionlens.cli.main", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=True
        ).stdout

    assert f"{NAME}" in call("models", "list")
    call("models", "download", f"{NAME}@champion", "--to", "served")
    predicted = json.loads(call("predict", "great great", "--model", "served", "--json"))
    assert predicted["prediction"] == "POSITIVE"


def test_a_packed_model_goes_there_and_back(write_word_model, tmp_path):
    digest = write_word_model(tmp_path / "made", {"great": 1.0})
    packed = run("pack", "made", "--out", "model.zip")
    assert f"SHA-256 of its manifest: {digest}" in packed.stdout
    done = json.loads(run("download", "model.zip", "--to", "taken", "--digest", digest, "--json").stdout)
    assert done == {"kind": "linear", "digest": digest, "folder": str(tmp_path / "taken"), "is_new": True}
    assert "was already" in run("download", "model.zip", "--to", "taken").stdout


def test_a_digest_is_for_packed_models_alone(registry):
    with pytest.raises(InputError, match="packed models"):
        run("download", f"{NAME}@champion", "--to", "taken", "--digest", registry.digest)
