"""Downloads into a user's own folder: verified, all or nothing, and never over something else."""

import pytest

from opinionlens.base.errors import (
    ArtifactTampered,
    InputError,
    RegistryUnavailable,
    SelfTestFailed,
    VersionNotFound,
    VersionNotServable,
)
from opinionlens.classifiers.load import load_classifier
from opinionlens.library import downloading
from opinionlens.library.downloading import download, every_version, registered_version
from opinionlens.registry import MemoryRegistry

NAME = "opinionlens"


@pytest.fixture
def registry(write_word_model, tmp_path):
    """Two versions, the first of them champion."""
    memory = MemoryRegistry()
    for weight in (1.0, 2.0):
        digest = write_word_model(tmp_path / "made", {"great": weight})
        memory.register(NAME, tmp_path / "made", digest=digest, run_id=None, tags={}, scores={})
    memory.set_alias(NAME, "champion", 1)
    return memory


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "down"


def get(registry, folder, text=f"{NAME}@champion"):
    return download(registered_version(text), registry, folder)


def left_aside(folder):
    return [path for path in folder.parent.iterdir() if path != folder]


@pytest.mark.parametrize(
    "text", [f"{NAME}@champion", f"{NAME}@1", f"{NAME}/1", f"models:/{NAME}/1", f"models:/{NAME}@champion"]
)
def test_a_version_lands_in_a_new_folder_and_loads(registry, folder, text):
    done = get(registry, folder, text)
    assert (done.version.number, done.folder, done.is_new) == (1, folder, True)
    assert load_classifier(folder, done.version.digest).explain("great").decision[2] == pytest.approx(1.0)
    assert left_aside(folder) == []


@pytest.mark.parametrize("text", [NAME, "", f"{NAME}@", f"{NAME}/", f"{NAME}/champion", "objects/classifier"])
def test_what_names_no_version_is_refused_with_examples(text):
    with pytest.raises(InputError, match=r"names no version.*opinionlens@champion"):
        registered_version(text)


def test_a_second_time_changes_nothing(registry, folder):
    get(registry, folder)
    before = {path: path.stat().st_ino for path in folder.iterdir()}
    assert not get(registry, folder).is_new
    assert {path: path.stat().st_ino for path in folder.iterdir()} == before


def test_a_damaged_copy_is_made_anew(registry, folder):
    digest = get(registry, folder).version.digest
    weights = next(path for path in folder.iterdir() if path.suffix == ".npz")
    weights.write_bytes(b"?")
    assert get(registry, folder).is_new
    load_classifier(folder, digest)


def test_another_version_takes_the_place_of_the_first(registry, folder):
    get(registry, folder)
    done = get(registry, folder, f"{NAME}@2")
    load_classifier(folder, done.version.digest)
    assert left_aside(folder) == []


def test_an_empty_folder_will_do(registry, folder):
    folder.mkdir(parents=True)
    assert get(registry, folder).is_new


def test_a_link_stays_a_link(registry, folder, tmp_path):
    folder.parent.mkdir()
    (tmp_path / "real").mkdir()
    folder.symlink_to(tmp_path / "real")
    get(registry, folder)
    assert folder.is_symlink()
    assert (tmp_path / "real" / "manifest.json").exists()


@pytest.mark.parametrize("beside", ["nothing of ours", "a model"])
def test_a_folder_with_other_things_is_left_alone(registry, folder, beside):
    if beside == "a model":
        get(registry, folder)
    else:
        folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("years of work")
    before = sorted(folder.iterdir())
    with pytest.raises(InputError, match="left as it is"):
        get(registry, folder, f"{NAME}@2")
    assert sorted(folder.iterdir()) == before


def test_a_file_is_no_folder(registry, folder):
    folder.parent.mkdir()
    folder.write_text("mine")
    with pytest.raises(InputError, match="not a folder"):
        get(registry, folder)
    assert folder.read_text() == "mine"


def test_what_cannot_be_had_leaves_the_folder_as_it_was(registry, folder):
    digest = get(registry, folder).version.digest
    foreign = registry.add_foreign(NAME)
    with pytest.raises(VersionNotServable, match="pickle"):
        get(registry, folder, f"{NAME}/{foreign.number}")
    with pytest.raises(VersionNotFound):
        get(registry, folder, f"{NAME}/99")
    with pytest.raises(VersionNotFound):
        get(registry, folder, f"{NAME}@nobody")
    load_classifier(folder, digest)
    assert left_aside(folder) == []


def test_a_copy_that_is_here_needs_no_files_in_the_registry(registry, folder):
    get(registry, folder)
    registry.replace_files(NAME, 1, {})
    assert not get(registry, folder).is_new


@pytest.mark.parametrize("error", [RegistryUnavailable("Away."), ArtifactTampered("Bad.")])
def test_a_download_that_breaks_off_leaves_nothing(registry, folder, monkeypatch, error):
    def fail(version, into):
        into.mkdir(parents=True)
        (into / "half").write_text("x")
        raise error

    monkeypatch.setattr(registry, "download", fail)
    with pytest.raises(type(error)):
        get(registry, folder)
    assert list(folder.parent.iterdir()) == []


def test_what_fails_its_check_is_not_kept(registry, folder, monkeypatch):
    def refuse(path, digest):
        raise SelfTestFailed("It differs.")

    monkeypatch.setattr(downloading, "load_classifier", refuse)
    with pytest.raises(SelfTestFailed):
        get(registry, folder)
    assert list(folder.parent.iterdir()) == []


def test_all_versions_of_all_models_are_listed(registry):
    registry.add_foreign("another")
    registry.add_model("empty")
    listed = [(version.name, version.number) for version in every_version(registry)]
    assert listed == [("another", 1), (NAME, 2), (NAME, 1)]
