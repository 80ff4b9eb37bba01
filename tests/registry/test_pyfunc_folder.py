"""The folder that MLflow keeps: it loads there and elsewhere, with the code that lies in it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.pyfunc import COLUMNS
from opinionlens.registry.artifact_files import read_artifact
from opinionlens.registry.pyfunc_folder import requirements, write_pyfunc_folder

TEXTS = ["great, great flight", "awful", "it was"]


@pytest.fixture
def artifact(write_word_model, tmp_path: Path) -> Path:
    write_word_model(tmp_path / "artifact", {"great": 2.0, "awful": -2.0})
    return tmp_path / "artifact"


@pytest.fixture
def folder(artifact: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    digest = hashlib.sha256((artifact / "manifest.json").read_bytes()).hexdigest()
    contents = read_artifact(artifact, digest=digest)
    write_pyfunc_folder(artifact, folder, contents, model_id="m-1", run_id="r")
    return folder


def test_mlflow_loads_it_and_predicts_as_we_do(folder, artifact):
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(str(folder))
    answer = model.predict([{"text": text} for text in TEXTS])

    own = load_classifier(artifact).predict_many(TEXTS)
    assert list(answer["prediction"]) == [prediction.label.value for prediction in own]
    assert list(answer["confidence"]) == [prediction.confidence for prediction in own]
    assert (model.metadata.model_uuid, model.metadata.run_id) == ("m-1", "r")


def test_the_signature_names_the_columns_that_come_out(folder):
    import mlflow.models

    signature = mlflow.models.get_model_info(str(folder)).signature

    assert signature.inputs.input_names() == ["text"]
    assert signature.outputs.input_names() == list(COLUMNS)


def test_the_code_beside_it_is_enough(folder):
    script = f"""
    import sys
    sys.path.insert(0, {str(folder / "code")!r})
    from opinionlens.classifiers.pyfunc import _load_pyfunc
    model = _load_pyfunc({str(folder / "artefact")!r})
    print(model.predict({TEXTS!r})["prediction"].tolist())
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "opinionlens"]
    print({{module.__file__.startswith({str(folder / "code")!r}) for module in ours}})
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )

    assert said.stdout.splitlines() == ["['POSITIVE', 'NEGATIVE', 'NEUTRAL']", "{True}"]


def test_it_holds_data_and_source_only(folder):
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}

    assert suffixes == {"", ".txt", ".yaml", ".json", ".npz", ".py", ".tsv"}
    lists = {path.name for path in folder.rglob("lexicons/*")}
    assert lists == {
        *("constructions.txt", "events.txt", "idioms.txt", "opinion_words.txt", "phrases.txt", "turns.txt"),
        *("emoji.tsv", "frequencies.tsv", "words.tsv"),
    }
    assert sorted(path.name for path in folder.iterdir()) == [
        "MLmodel",
        "artefact",
        "code",
        "conda.yaml",
        "python_env.yaml",
        "requirements.txt",
    ]


@pytest.mark.parametrize(
    ("kind", "recipe", "extra"),
    [
        ("linear", {}, []),
        ("linear", {"stemmer": "none", "tokenizer": "pattern"}, []),
        ("linear", {"stemmer": "porter"}, ["nltk"]),
        ("linear", {"tokenizer": "tweet"}, ["nltk"]),
        ("skops", {}, ["skops", "scikit-learn", "scipy"]),
    ],
)
def test_what_it_needs_is_pinned_to_what_made_it(kind, recipe, extra):
    needed = requirements({"kind": kind, "features": {"recipe": recipe}})

    names = ["mlflow", "numpy", "pydantic", "vaderSentiment", *extra]
    assert needed == [f"{name}=={version(name)}" for name in names]


def test_a_manifest_that_says_nothing_of_features_needs_the_least():
    assert requirements({}) == requirements({"kind": "linear", "features": {"recipe": {}}})


def test_our_own_name_is_not_asked_of_a_package_index(folder):
    needed = (folder / "requirements.txt").read_text()

    assert "opinionlens" not in needed
    assert json.loads((folder / "python_env.yaml").read_text())["dependencies"] == ["-r requirements.txt"]
