"""`opinionlens models push-hub` as a user types it, against a stand-in of the hub; and the card alone."""

import contextlib
import dataclasses
import json
import re
import subprocess
import sys

import pytest
from tests.support.hub_server import WRITE, HubServer
from tests.support.programs import clean_environment
from typer.testing import CliRunner

import opinionlens
from opinionlens.base.errors import InputError, SettingsInvalid
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.cli import hub_command, registries
from opinionlens.cli.hub_settings import hub_settings
from opinionlens.cli.main import app
from opinionlens.hub.memory import MemoryHub
from opinionlens.registry import MemoryRegistry

REPOSITORY = "team/opinionlens"


@pytest.fixture(autouse=True)
def folder(bare_environment, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("HF_MODEL_REPO", "HF_TOKEN", "HF_ENDPOINT", "MIN_F1_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def digest(write_word_model, tmp_path):
    """A model in the folder `made` with a macro F1 of 0.7."""
    write_word_model(tmp_path / "made", {"great": 1.0})
    manifest = read_manifest(tmp_path / "made").manifest
    scores = {"test_f1_score": 0.7, "test_accuracy": 0.75, "test_n": 200.0}
    training = dataclasses.replace(manifest.training, scores=scores, sources=("brand_tweets",))
    manifest = dataclasses.replace(manifest, training=training)
    (tmp_path / "made" / "manifest.json").write_bytes(manifest.as_bytes())
    return manifest.digest()


@pytest.fixture
def hub():
    server = HubServer()
    server.make(REPOSITORY)
    yield server
    server.close()


def run(*words):
    return CliRunner().invoke(app, ["models", *words], catch_exceptions=False)


def type_in(folder, hub, *words, **variables):
    """Type a command in a process of its own, and return its end."""
    settings = {"HF_MODEL_REPO": REPOSITORY, "HF_TOKEN": WRITE, "HF_ENDPOINT": hub.address}
    environment = clean_environment(
        HF_HUB_DISABLE_XET="1", HF_HOME=str(folder / "hf"), **settings | variables
    )
    command = [sys.executable, "-m", "opinionlens.cli.main", "models", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_pushed_model_is_loaded_as_its_card_says(digest, hub, tmp_path):
    done = type_in(tmp_path, hub, "push-hub", "made", "--json", HF_DEBUG="1")
    assert done.returncode == 0, done.stderr
    fields = json.loads(done.stdout)
    tag = f"v-{digest[:7]}"
    repository = hub.repositories[REPOSITORY]
    assert (fields["tag"], fields["digest"], fields["macro_f1"], fields["is_new"]) == (tag, digest, 0.7, True)
    assert repository.tags == {tag: fields["commit"]}
    assert "macro F1 0.7000 on 200 test texts" in repository.commits[fields["commit"]].message
    # Not even the client's debug lines show it.
    assert WRITE not in done.stdout + done.stderr
    card = repository.files(tag)["README.md"].decode()
    example = re.search(r"```python\n(.*?)```", card, flags=re.DOTALL)[1]
    read = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env=clean_environment(
            HF_ENDPOINT=hub.address, HF_TOKEN=WRITE, HF_HUB_DISABLE_XET="1", HF_HOME=str(tmp_path / "other")
        ),
    )  # fmt: skip
    assert read.returncode == 0, read.stderr
    assert opinionlens.load(tmp_path / "downloaded" / "model").predict("great great").label == "POSITIVE"


def test_a_second_push_says_that_it_was_there(digest, hub, tmp_path):
    assert "is now" in type_in(tmp_path, hub, "push-hub", "made").stdout
    again = type_in(tmp_path, hub, "push-hub", "made")
    assert (again.returncode, "was already" in again.stdout) == (0, True)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"HF_TOKEN": ""}, "HF_TOKEN is not set."),
        ({"HF_MODEL_REPO": ""}, "HF_MODEL_REPO is not set."),
        ({"HF_MODEL_REPO": "https://huggingface.co/team/opinionlens"}, "names no model repository"),
        ({"MIN_F1_THRESHOLD": "0.71"}, "0.7000, below MIN_F1_THRESHOLD, which is 0.71"),
        ({"MIN_F1_THRESHOLD": "60%"}, "MIN_F1_THRESHOLD is '60%'"),
        ({"HF_TOKEN": "hf_unknown"}, "does not know the token"),
    ],
)
def test_refusals_are_one_plain_sentence(variables, message, digest, hub, tmp_path):
    done = type_in(tmp_path, hub, "push-hub", "made", **variables)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.repositories[REPOSITORY].tags == {}
    assert "hf_unknown" not in done.stderr


def test_the_champion_of_the_registry_is_pushed_by_its_name(digest, monkeypatch, tmp_path):
    registry, hub = MemoryRegistry(), MemoryHub()
    registry.register(
        "opinionlens", tmp_path / "made", digest=digest, run_id=None, tags={"kind": "linear"}, scores={}
    )
    registry.set_alias("opinionlens", "champion", 1)
    monkeypatch.setattr(registries, "open_registry", lambda *words: contextlib.nullcontext(registry))
    monkeypatch.setattr(hub_command, "open_hub", lambda *words: hub)
    monkeypatch.setenv("HF_MODEL_REPO", REPOSITORY)
    monkeypatch.setenv("HF_TOKEN", WRITE)
    assert "is now" in run("push-hub", "opinionlens@champion").stdout
    assert (
        hub.files(f"v-{digest[:7]}")["model/manifest.json"] == (tmp_path / "made/manifest.json").read_bytes()
    )
    assert "was already" in run("push-hub", "opinionlens@1").stdout


def test_the_card_alone_needs_no_settings(digest, tmp_path):
    shown = run("card", "made", "--repository", REPOSITORY).stdout
    assert shown.startswith("---\nlicense: ")
    assert f'revision="v-{digest[:7]}"' in shown
    told = run("card", "made", "--repository", REPOSITORY, "--out", "README.md").stdout
    assert f"v-{digest[:7]}" in told
    assert (tmp_path / "README.md").read_text() == shown


def test_the_word_list_is_no_model():
    with pytest.raises(InputError, match="no trained model"):
        run("card", "lexicon")


def test_settings_are_checked_and_do_not_show_the_token():
    settings = hub_settings({"HF_MODEL_REPO": " team/model ", "HF_TOKEN": " hf_secret\n"})
    assert (settings.repository, settings.needed_token(), settings.threshold) == (
        "team/model", "hf_secret", 0.6
    )  # fmt: skip
    assert "hf_secret" not in repr(settings)
    for wrong in ("model", "a/b/c", "team/../x", "-team/model", "team/model\n/x"):
        with pytest.raises(SettingsInvalid):
            hub_settings({"HF_MODEL_REPO": wrong})
    for wrong in ("-0.1", "1.1", "nan", "much"):
        with pytest.raises(SettingsInvalid):
            hub_settings({"HF_MODEL_REPO": "team/model", "MIN_F1_THRESHOLD": wrong})


def test_the_environment_goes_before_the_file(monkeypatch, tmp_path):
    from opinionlens.cli.hub_settings import load_hub_settings

    (tmp_path / ".env").write_text("HF_MODEL_REPO=team/file\nMIN_F1_THRESHOLD=0.5\n")
    monkeypatch.setenv("MIN_F1_THRESHOLD", "0.7")
    settings = load_hub_settings()
    assert (settings.repository, settings.threshold) == ("team/file", 0.7)
