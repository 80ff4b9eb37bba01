"""How contenders are named after `--models`, and that none takes the place of another."""

from __future__ import annotations

import contextlib

import pytest

from opinionlens.base.errors import InputError
from opinionlens.cli import registries
from opinionlens.registry import MemoryRegistry


@pytest.fixture(scope="module")
def contenders(benchmarks_on_the_path):
    from benchmarks.quality import contenders

    return contenders


@pytest.fixture
def folder(tmp_path, monkeypatch, write_word_model):
    """A classifier to which `splendid` alone is good; version 1 of `ours`, called `best`, is its opposite."""
    monkeypatch.chdir(tmp_path)
    for name in ("ENV", "API__MODEL_NAME", "API__SAVED_MODEL_PATH", "MLFLOW__REMOTE_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW__LOCAL_TRACKING_URI", "sqlite:///mlruns.db")
    registry = MemoryRegistry()
    monkeypatch.setattr(registries, "open_registry", lambda *args: contextlib.nullcontext(registry))
    digest = write_word_model(tmp_path / "registered", {"splendid": -9.0})
    registry.register("ours", tmp_path / "registered", digest=digest, run_id=None, tags={}, scores={})
    registry.set_alias("ours", "best", 1)
    write_word_model(tmp_path / "mine", {"splendid": 9.0})
    return tmp_path / "mine"


@pytest.mark.parametrize(
    ("option", "title", "positive"),
    [
        ("mine", "(mine)", True),
        ("new=mine", "new", True),
        ("ours@1", "ours@1", False),
        ("ours@best", "ours@1", False),
        ("before=ours@best", "before", False),
        ("before=models:/ours/1", "before", False),
        ("lexicon", "built-in word list", True),
        ("words=lexicon", "words", True),
    ],
)
def test_a_folder_a_version_or_the_word_list(contenders, folder, option, title, positive):
    contender = contenders.from_option(option)
    assert contender.name.endswith(title)
    (side,) = contender.answer(["splendid"]).sides
    assert (side > 0) == positive


@pytest.mark.parametrize("option", ["nowhere", "new=nowhere", "new="])
def test_what_is_none_of_them_is_said(contenders, folder, option):
    with pytest.raises(InputError, match="neither a folder nor NAME@VERSION"):
        contenders.from_option(option)


def test_titles_are_told_apart(contenders):
    word_lists = contenders.word_lists()
    one = contenders.from_option("one=lexicon")
    assert [each.name for each in contenders.with_own_titles([*word_lists, one])] == [
        "VADER",
        "TextBlob",
        "one",
    ]
    with pytest.raises(InputError, match="2 contenders are called 'VADER'"):
        contenders.with_own_titles([*word_lists, one, contenders.from_option("VADER=lexicon")])
