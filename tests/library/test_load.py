"""`opinionlens.load` and `opinionlens.lexicon`: what may be named, and what goes wrong."""

from __future__ import annotations

import contextlib
import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import opinionlens
from opinionlens.base.errors import (
    ArtifactMissing,
    ArtifactTampered,
    InputError,
    OpinionLensError,
    RegistryUnavailable,
    VersionNotFound,
)
from opinionlens.library import registry_access as opening
from opinionlens.registry import MemoryRegistry, RegistryLoginNeeded
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore

NAME = "opinionlens"


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch, bare_environment):
    """An empty folder to work in, with nothing set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENV", raising=False)
    return tmp_path


@pytest.fixture
def registry(monkeypatch):
    """A registry in memory in the place of the one that the settings name."""
    memory = MemoryRegistry()
    monkeypatch.setattr(opening, "open_registry", lambda settings: contextlib.nullcontext(memory))
    return memory


@pytest.fixture
def registered(registry, write_word_model, tmp_path):
    """Register versions 1 and 2, whose weights of `great` are those numbers; 1 is the champion."""
    for weight in (1.0, 2.0):
        folder = tmp_path / f"great-{weight}"
        digest = write_word_model(folder, {"great": weight})
        registry.register(NAME, folder, digest=digest, run_id=None, tags={}, scores={})
    registry.set_alias(NAME, "champion", 1)
    return registry


def unpickled(pickled):
    return pickle.loads(pickled)  # noqa: S301 - what this test has pickled


def weight_of_great(model):
    return model.explain("great").decision[2]


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_by_str_and_by_path(write_word_model, tmp_path, kind):
    digest = write_word_model(tmp_path / "mine", {"great": 2.0})
    model = opinionlens.load(kind("mine"))
    assert (model.name, model.version, model.digest) == ("mine", digest[:12], digest)
    assert weight_of_great(model) == pytest.approx(2.0)


def test_a_tilde_means_the_home_folder(write_word_model, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    write_word_model(tmp_path / "home" / "mine", {"great": 2.0})
    assert opinionlens.load("~/mine").name == "mine"
    assert opinionlens.load(Path("~/mine")).name == "mine"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("opinionlens@champion", "1"),
        ("opinionlens@2", "2"),
        ("models:/opinionlens/2", "2"),
        ("models:/opinionlens@champion", "1"),
    ],
)
def test_a_version_of_the_registry(registered, name, version):
    model = opinionlens.load(name)
    assert (model.name, model.version) == ("opinionlens", version)
    assert weight_of_great(model) == pytest.approx(float(version))


def test_versions_are_kept_in_the_cache_of_the_settings(registered, monkeypatch, tmp_path):
    monkeypatch.setenv("API__SAVED_MODEL_PATH", "kept")
    digest = opinionlens.load("opinionlens@2").digest
    assert (tmp_path / "kept" / digest / "artefact" / "manifest.json").is_file()


def test_lost_files_are_a_warning_where_a_copy_is_here(registered):
    opinionlens.load("opinionlens@2")
    registered.replace_files(NAME, 2, {})
    with pytest.warns(UserWarning, match="Using the verified copy") as caught:
        model = opinionlens.load("opinionlens@2")
    assert weight_of_great(model) == pytest.approx(2.0)
    assert caught[0].filename == __file__  # the caller's line, not one of ours


def served_last(version, registry, root):
    """Leave behind what the app leaves when it has served this version."""
    store = ModelStore(ArtifactCache(root / "models"))
    store.activate(store.load(version, registry))


@pytest.mark.parametrize("name", ["opinionlens@champion", "models:/opinionlens@champion"])
def test_the_version_served_last_stands_in_while_the_registry_is_away(registered, tmp_path, name):
    served_last(registered.version(NAME, 1), registered, tmp_path)
    registered.set_alias(NAME, "champion", 2)
    registered.reachable = False
    with pytest.warns(UserWarning, match=r"Using the version served last, 1\.") as caught:
        model = opinionlens.load(name)
    assert (model.name, model.version, weight_of_great(model)) == ("opinionlens", "1", pytest.approx(1.0))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("name", ["opinionlens@1", "other@champion"])
def test_only_the_served_champion_has_a_stand_in(registered, tmp_path, name):
    served_last(registered.version(NAME, 1), registered, tmp_path)
    registered.reachable = False
    with pytest.raises(RegistryUnavailable):
        opinionlens.load(name)


def test_the_word_list():
    for model in (opinionlens.lexicon(), opinionlens.load("lexicon")):
        assert (model.kind, model.digest) == ("lexicon", None)
        assert model.predict("I love it").label == "POSITIVE"
        assert model.predict("I hate it").label == "NEGATIVE"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("no/such/folder", InputError, "neither a folder nor NAME@VERSION.*opinionlens@3"),
        ("", InputError, "neither a folder nor NAME@VERSION"),
        (Path("no/such/folder"), ArtifactMissing, "no folder with an artifact.*holds manifest.json"),
        ("opinionlens@7", VersionNotFound, "7"),
        ("other@champion", VersionNotFound, "No version of 'other' is the champion.*make model"),
    ],
)
def test_what_is_not_there_is_said_with_a_remedy(registered, name, error, message):
    with pytest.raises(error, match=message) as caught:
        opinionlens.load(name)
    assert isinstance(caught.value, OpinionLensError)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_without_an_artifact(tmp_path, kind):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtifactMissing) as caught:
        opinionlens.load(kind("empty"))
    assert caught.value.remedy


def test_a_changed_artifact_is_refused(write_word_model, tmp_path):
    write_word_model(tmp_path / "mine", {"great": 2.0})
    weights = tmp_path / "mine" / "weights.npz"
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(ArtifactTampered):
        opinionlens.load("mine")


def test_a_registry_with_a_password_is_not_asked_twice(monkeypatch):
    def closed(settings):
        raise RegistryLoginNeeded("It wants a password.", remedy="Set MLFLOW__REMOTE_PASSWORD.")

    monkeypatch.setattr(opening, "open_registry", closed)
    with pytest.raises(RegistryLoginNeeded, match="MLFLOW__REMOTE_PASSWORD"):
        opinionlens.load("opinionlens@1")


def test_a_pickle_holds_the_place_and_not_the_weights(write_word_model, tmp_path):
    write_word_model(tmp_path / "mine", {f"word{number}": 1.0 for number in range(20_000)})
    model = opinionlens.load("mine")
    pickled = pickle.dumps(model)
    assert len(pickled) < 1_000
    again = unpickled(pickled)
    assert repr(again) == repr(model)
    assert np.array_equal(again.predict_proba(["word7"]), model.predict_proba(["word7"]))


def test_a_pickle_refuses_another_artifact_at_its_place(write_word_model, tmp_path):
    write_word_model(tmp_path / "mine", {"great": 2.0})
    pickled = pickle.dumps(opinionlens.load("mine"))
    write_word_model(tmp_path / "mine", {"great": -2.0})
    with pytest.raises(ArtifactTampered):
        unpickled(pickled)


def test_a_pickle_of_a_registered_version_keeps_its_name(registered):
    model = opinionlens.load("opinionlens@2")
    again = unpickled(pickle.dumps(model))
    assert (again.name, again.version, again.digest) == ("opinionlens", "2", model.digest)


def test_copies_share_the_weights():
    model = opinionlens.lexicon()
    assert copy.copy(model) is model
    assert copy.deepcopy([model])[0] is model
    assert unpickled(pickle.dumps(model)).kind == "lexicon"


@pytest.mark.parametrize("model", [None, 3, [], b"clf"])
def test_a_model_is_named_by_a_str_or_a_path(model):
    with pytest.raises(InputError, match="named by a str or a Path, not by") as caught:
        opinionlens.load(model)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("model", [Path("x" * 5000), Path("a\0b"), "~\0", "x" * 5000])
def test_a_name_that_no_folder_can_have_is_an_error_of_ours(model, registry):
    with pytest.raises(OpinionLensError):
        opinionlens.load(model)


@pytest.mark.parametrize("content", ["{", "", "[]", '{"format": 99}'])
def test_a_damaged_manifest_names_its_folder(tmp_path, content):
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text(content)
    with pytest.raises(OpinionLensError) as caught:
        opinionlens.load(tmp_path / "damaged")
    assert str(tmp_path / "damaged") in str(caught.value)
