"""What the wheel holds, and what it does in an environment of its own."""

from __future__ import annotations

import email
import email.message
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SENTENCE = "error: {} needs {}, which `pip install 'opinionlens[pipeline]'` installs.\n"


def files_below(*folders: str) -> set[str]:
    """Paths of the tracked files below some folders of the checkout."""
    call = ["git", "ls-files", "-z", *folders]
    listed = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_it_holds_every_file_of_the_package_and_of_the_pages(names):
    package = {name.removeprefix("src/") for name in files_below("src/opinionlens")}
    pages = {f"opinionlens/{name}" for name in files_below("static", "templates")}
    assert "opinionlens/storage/migrations/alembic.ini" in package
    assert "opinionlens/templates/home.html" in pages
    assert (package | pages) - names == set()


def test_it_holds_nothing_else(names):
    assert {name.split("/")[0] for name in names} == {"opinionlens", "opinionlens-0.1.0.dist-info"}
    assert [name for name in names if name.endswith((".pyc", ".db", ".log"))] == []


def test_it_is_typed_and_licensed(names, metadata):
    assert "opinionlens/py.typed" in names
    assert "opinionlens-0.1.0.dist-info/licenses/LICENSE" in names
    # The words' frequencies are the one file under another licence.
    assert metadata["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0"
    assert "Typing :: Typed" in metadata.get_all("Classifier")


def test_its_extras_are_real(metadata):
    extras = metadata.get_all("Provides-Extra")
    wanted = [line for line in metadata.get_all("Requires-Dist") if "extra == 'pipeline'" in line]
    assert "pipeline" in extras
    assert any(line.startswith("scikit-learn") for line in wanted)


def test_three_lines_with_an_artifact(installed, write_word_model, tmp_path):
    write_word_model(tmp_path / "classifier", {"great": 2.0, "bad": -2.0})
    (tmp_path / "empty").mkdir()
    code = (
        "import sys, opinionlens\n"
        "model = opinionlens.load(sys.argv[1])\n"
        "print(opinionlens.__file__)\n"
        "print(*(one.label for one in model.predict_many(['great', 'bad', 'the crew'])))\n"
        "print(model.predict_proba(['great', 'bad']).sum(axis=1).round(9).tolist())\n"
        "print(model.explain('great crew').by_token()[0].text)\n"
    )
    printed = installed.python_code(code, tmp_path / "classifier", folder=tmp_path / "empty").splitlines()
    assert Path(printed[0]).is_relative_to(installed.folder)
    assert printed[1:] == ["POSITIVE NEGATIVE NEUTRAL", "[1.0, 1.0]", "great"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_three_lines_with_the_word_list(installed, tmp_path):
    code = (
        "import opinionlens\nmodel = opinionlens.lexicon()\nprint(model.predict('What a lovely day').label)"
    )
    assert installed.python_code(code, folder=tmp_path) == "POSITIVE\n"


def test_a_version_of_a_registry_loads(installed, write_word_model, tmp_path):
    """MLflow's client answers in its child process, from a database in the working folder."""
    digest = write_word_model(tmp_path / "classifier", {"great": 2.0})
    code = (
        "import sys, opinionlens\n"
        "from pathlib import Path\n"
        "from opinionlens.registry import ProcessRegistry\n"
        "about = dict(digest=sys.argv[2], run_id=None, tags={}, scores={})\n"
        "with ProcessRegistry('sqlite:///mlruns.db', experiment='OpinionLens') as registry:\n"
        "    version = registry.register('mine', Path(sys.argv[1]), **about)\n"
        "    registry.set_alias('mine', 'champion', version.number)\n"
        "print(opinionlens.load('mine@champion'))\n"
    )
    (tmp_path / "work").mkdir()
    printed = installed.python_code(code, tmp_path / "classifier", digest, folder=tmp_path / "work")
    assert printed == "<SentimentClassifier mine 1: linear, NEGATIVE/NEUTRAL/POSITIVE>\n"


@pytest.mark.parametrize(
    ("command", "subject", "library"),
    [
        (["up"], "The MLflow page", "mlflow"),
        (["promote"], "This command", "scipy"),
    ],
)
def test_a_command_without_its_extra_says_so(installed, tmp_path, command, subject, library):
    done = installed.run("opinionlens", *command, folder=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (1, SENTENCE.format(subject, library))


@pytest.mark.parametrize(
    ("command", "library"),
    [
        ("preprocess_data", "polars"),
        ("vectorize_data", "scipy"),
        ("tune_sklearn", "scipy"),
        ("evals", "scipy"),
    ],
)
def test_a_stage_without_its_extra_says_so(installed, tmp_path, command, library):
    done = installed.run(command, folder=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (1, SENTENCE.format("This command", library))


def test_its_types_reach_the_caller(installed, tmp_path):
    """A checker of types that looks into the environment knows what `load` gives."""
    (tmp_path / "caller.py").write_text(
        "import opinionlens\n"
        "model = opinionlens.load('objects/classifier')\n"
        "reveal_type(model.predict('x').confidence)\n"
        "reveal_type(model.predict_many(['x']))\n"
        "model.predict(7)\n"
    )
    options = ["--strict", "--follow-imports=silent", "--cache-dir", tmp_path / "cache"]
    call = [sys.executable, "-m", "mypy", *options, "--python-executable", installed.python, "caller.py"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert 'Revealed type is "float"' in done.stdout.replace("builtins.", "")
    assert "list[opinionlens.classifiers.prediction.Prediction]" in done.stdout
    assert 'Argument 1 to "predict" of "SentimentClassifier" has incompatible type "int"' in done.stdout
    assert "Found 1 error" in done.stdout
