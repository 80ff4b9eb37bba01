"""What `--model` may name, and what is taken without it."""

import contextlib
import sys

import pytest
import typer

from opinionlens.base.errors import (
    ArtifactMissing,
    InputError,
    RegistryUnavailable,
    VersionNotFound,
    VersionNotServable,
)
from opinionlens.classifiers.load import load_classifier
from opinionlens.cli import registries
from opinionlens.cli.chosen import chosen_classifier
from opinionlens.registry import Credentials, MemoryRegistry, RegistryLoginNeeded
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore

NAME = "opinionlens"


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """An empty folder to work in, with nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in ("ENV", "API__MODEL_NAME", "API__SAVED_MODEL_PATH", "MLFLOW__REMOTE_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", "sqlite:///mlruns.db")
    return tmp_path


@pytest.fixture
def registry(monkeypatch):
    """A registry in memory in the place of the one that the settings name."""
    memory = MemoryRegistry()
    monkeypatch.setattr(registries, "open_registry", lambda *args: contextlib.nullcontext(memory))
    return memory


@pytest.fixture
def registered(registry, write_word_model, tmp_path):
    """Register a classifier whose weight of `great` is given; it becomes the next version."""

    def register(weight, *, champion=False):
        folder = tmp_path / f"great-{weight}"
        digest = write_word_model(folder, {"great": weight})
        version = registry.register(NAME, folder, digest=digest, run_id=None, tags={}, scores={})
        if champion:
            registry.set_alias(NAME, "champion", version.number)
        return version

    return register


def served_before(version, registry, root):
    """Leave behind what the app leaves when it has served this version."""
    store = ModelStore(ArtifactCache(root / "models"))
    store.activate(store.load(version, registry))


def weight_of_great(chosen):
    return chosen.classifier.explain("great").decision[2]


def test_folder_needs_no_settings_and_no_registry(write_word_model, tmp_path, monkeypatch):
    digest = write_word_model(tmp_path / "mine", {"great": 2.0})
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", "no address at all")
    chosen = chosen_classifier("mine")
    assert (chosen.name, chosen.version) == ("mine", digest[:12])
    assert weight_of_great(chosen) == pytest.approx(2.0)


def test_this_folder_has_a_name_too(write_word_model, tmp_path, monkeypatch):
    write_word_model(tmp_path / "mine", {"great": 2.0})
    monkeypatch.chdir("mine")
    assert chosen_classifier(".").name == "mine"


def test_a_tilde_that_no_shell_has_expanded_means_the_home_folder(write_word_model, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    write_word_model(tmp_path / "home" / "mine", {"great": 2.0})
    assert chosen_classifier("~/mine").name == "mine"


def test_folder_without_an_artifact_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtifactMissing):
        chosen_classifier("empty")


def test_version_of_the_registry(registered):
    registered(1.0, champion=True)
    registered(2.0)
    chosen = chosen_classifier(f"{NAME}@2")
    assert (chosen.name, chosen.version) == (NAME, "2")
    assert weight_of_great(chosen) == pytest.approx(2.0)


def test_folder_wins_over_a_version_of_the_same_name(registered, write_word_model, tmp_path):
    registered(1.0)
    write_word_model(tmp_path / f"{NAME}@1", {"great": 3.0})
    assert weight_of_great(chosen_classifier(f"{NAME}@1")) == pytest.approx(3.0)


def test_the_folder_that_the_app_serves_is_the_default(registered, write_word_model, tmp_path, monkeypatch):
    registered(1.0, champion=True)
    digest = write_word_model(tmp_path / "served", {"great": 3.0})
    monkeypatch.setenv("API__MODEL_PATH", str(tmp_path / "served"))
    monkeypatch.setenv("API__MODEL_NAME", "brands")
    chosen = chosen_classifier(None)
    assert (chosen.name, chosen.version) == ("brands", digest[:12])
    assert weight_of_great(chosen_classifier(f"{NAME}@champion")) == pytest.approx(1.0)


def test_unknown_version_is_told_apart_from_a_malformed_one(registered):
    registered(1.0)
    with pytest.raises(VersionNotFound, match="7"):
        chosen_classifier(f"{NAME}@7")


@pytest.mark.parametrize(
    "model",
    ["", "opinionlens", "@3", "opinionlens@", "opinionlens@-1", "opinionlens@v1", "opinionlens@latest",
     "models:/", "models:/opinionlens", "models:/opinionlens/", "models:/opinionlens/champion", "models:/a/b",
     "opinionlens@1.0",
     "opinionlens@0", "opinionlens@²", "opinionlens@٣", f"opinionlens@{'9' * 5000}", "no/such/folder"],
)  # fmt: skip
def test_malformed_choice_is_refused_with_an_example(registry, model):
    with pytest.raises(InputError, match=r"neither a folder nor NAME@VERSION.*opinionlens@3"):
        chosen_classifier(model)


@pytest.mark.parametrize(
    ("model", "version"),
    [
        (f"{NAME}@champion", "2"),
        (f"models:/{NAME}@champion", "2"),
        (f"models:/{NAME}/1", "1"),
        (f"models:/{NAME}@1", "1"),
        (f"{NAME}@candidate-7", "3"),
    ],
)
def test_an_alias_and_an_address_of_mlflow_are_understood(registered, registry, model, version):
    registered(1.0)
    registered(2.0, champion=True)
    registry.set_alias(NAME, "candidate-7", registered(3.0).number)
    chosen = chosen_classifier(model)
    assert (chosen.name, chosen.version) == (NAME, version)


def test_an_alias_that_nobody_carries_is_not_found(registered):
    registered(1.0)
    with pytest.raises(VersionNotFound, match="three"):
        chosen_classifier(f"{NAME}@three")


@pytest.mark.parametrize("model", [None, f"{NAME}@1", f"{NAME}@champion"])
def test_a_version_whose_files_are_lost_is_taken_from_the_cache_and_said(
    registered, registry, tmp_path, capsys, model
):
    version = registered(1.0, champion=True)
    served_before(version, registry, tmp_path)
    registry.replace_files(NAME, 1, {})
    chosen = chosen_classifier(model)
    assert (chosen.version, weight_of_great(chosen)) == ("1", pytest.approx(1.0))
    said = capsys.readouterr().err
    assert f"Using the verified copy in {tmp_path / 'models'}." in said
    assert "opinionlens promote" in said


def test_lost_files_without_a_copy_are_an_error_that_names_the_way_out(registered, registry):
    registered(1.0, champion=True)
    registry.replace_files(NAME, 1, {})
    with pytest.raises(VersionNotServable, match="Register it again with `opinionlens promote`"):
        chosen_classifier(None)


def test_champion_is_taken_without_a_choice(registered, capsys):
    registered(1.0)
    registered(2.0, champion=True)
    registered(3.0)
    chosen = chosen_classifier(None)
    assert (chosen.name, chosen.version) == (NAME, "2")
    assert weight_of_great(chosen) == pytest.approx(2.0)
    assert capsys.readouterr().err == ""


def test_name_of_the_champion_is_a_setting(registered, monkeypatch):
    registered(1.0, champion=True)
    monkeypatch.setenv("API__MODEL_NAME", "another")
    with pytest.raises(
        VersionNotFound, match=r"No version of 'another' is the champion.*make model.*--model"
    ):
        chosen_classifier(None)


def test_version_served_last_stands_in_while_the_registry_is_away(registered, registry, tmp_path, capsys):
    served_before(registered(1.0, champion=True), registry, tmp_path)
    registered(2.0, champion=True)
    registry.reachable = False
    chosen = chosen_classifier(None)
    assert (chosen.name, chosen.version) == (NAME, "1")
    assert weight_of_great(chosen) == pytest.approx(1.0)
    assert "Using the version served last, 1." in capsys.readouterr().err


def test_named_version_has_no_stand_in(registered, registry, tmp_path):
    served_before(registered(1.0, champion=True), registry, tmp_path)
    registry.reachable = False
    with pytest.raises(RegistryUnavailable):
        chosen_classifier(f"{NAME}@1")


def test_registry_away_and_nothing_served_before_is_the_registrys_error(registered, registry):
    registered(1.0, champion=True)
    registry.reachable = False
    with pytest.raises(RegistryUnavailable) as caught:
        chosen_classifier(None)
    assert caught.value.remedy


def test_champion_behind_a_password_is_asked_for(registered, registry, monkeypatch):
    registered(1.0, champion=True)
    logins = []

    def guarded(settings, credentials=None):
        logins.append(credentials)
        if credentials is None:
            raise RegistryLoginNeeded("The registry does not let us in.")
        return contextlib.nullcontext(registry)

    monkeypatch.setattr(registries, "open_registry", guarded)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    answers = iter(["ann", "geheim"])
    monkeypatch.setattr(typer, "prompt", lambda *args, **options: next(answers))
    assert chosen_classifier(None).version == "1"
    assert logins == [None, Credentials("ann", "geheim")]


def test_notice_shows_where_the_registry_was_looked_for(registered, registry, tmp_path, capsys, monkeypatch):
    served_before(registered(1.0, champion=True), registry, tmp_path)

    def gone(name, alias):
        raise RegistryUnavailable("There is no registry yet.", where="/srv/data/mlruns.db", remedy="Wait.")

    monkeypatch.setattr(registry, "by_alias", gone)
    assert chosen_classifier(None).version == "1"
    assert capsys.readouterr().err == (
        "There is no registry yet. [/srv/data/mlruns.db] Wait. Using the version served last, 1.\n"
    )


def test_damaged_copy_is_fetched_again(registered, registry, tmp_path):
    version = registered(1.0, champion=True)
    served_before(version, registry, tmp_path)
    weights = ArtifactCache(tmp_path / "models").artifact(version.digest) / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert weight_of_great(chosen_classifier(None)) == pytest.approx(1.0)
    load_classifier(weights.parent, version.digest)
