"""A missing library is one sentence that names the extra."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from opinionlens.base import extras
from opinionlens.base.errors import ExtraMissing

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]
# No command needs them.
FOR_WORK_ON_THE_CODE = {"dev", "docs", "load"}
SENTENCE = "{} needs {}, which `pip install 'opinionlens[{}]'` installs."
# In an environment of their own: tests/models_env looks at what they install.
APART = {"fasttext", "onnx", "transformers"}
# Runs a console script where some packages cannot be imported.
WITHOUT = """
import sys
from importlib import import_module
hidden, target, *sys.argv[1:] = sys.argv[1:]
for name in hidden.split(","):
    sys.modules[name] = None
module, function = target.split(":")
getattr(import_module(module), function)()
"""


def run_without(hidden: str, target: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, hidden, target, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
    )


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - FOR_WORK_ON_THE_CODE - APART))
def test_every_library_of_an_extra_is_known_by_the_name_that_is_imported(extra):
    modules = packages_distributions()
    for requirement in map(Requirement, EXTRAS[extra]):
        name = canonicalize_name(requirement.name)
        imported = [
            module
            for module, owners in modules.items()
            if name in map(canonicalize_name, owners)
            and extras.missing_extra(not_found(module), needed_by="X")
        ]
        assert len(imported) == 1, f"{name} is not in opinionlens/base/extras.py"
        told = extras.missing_extra(not_found(imported[0]), needed_by="X")
        # The worker's are a part of the pipeline's, which is named.
        assert str(told) == SENTENCE.format("X", name, "pipeline" if extra == "worker" else extra)


def not_found(module: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {module!r}", name=module)


def test_a_module_of_a_library_counts_as_the_library():
    told = extras.missing_extra(not_found("sklearn.base"), needed_by="This")
    assert str(told) == SENTENCE.format("This", "scikit-learn", "pipeline")


@pytest.mark.parametrize("name", ["opinionlens.nothing", "numpy", "", None])
def test_what_no_extra_installs_is_no_missing_extra(name):
    assert extras.missing_extra(ModuleNotFoundError(name=name), needed_by="This") is None


def test_a_required_package_is_looked_for():
    extras.require("optuna", needed_by="This")


def test_a_required_package_that_is_not_installed(monkeypatch):
    def nothing(name):
        raise extras.PackageNotFoundError(name)

    monkeypatch.setattr(extras, "version", nothing)
    with pytest.raises(ExtraMissing) as caught:
        extras.require("mlflow", needed_by="The MLflow page")
    assert str(caught.value) == SENTENCE.format("The MLflow page", "mlflow", "pipeline")
    assert isinstance(caught.value, ImportError)


def test_an_extra_is_looked_for_as_a_whole(monkeypatch):
    extras.require_extra("worker", needed_by="This")
    asked = []

    def all_but_scipy(name):
        asked.append(name)
        if name == "scipy":
            raise extras.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(extras, "version", all_but_scipy)
    with pytest.raises(ExtraMissing) as caught:
        extras.require_extra("worker", needed_by="`opinionlens worker`")
    assert str(caught.value) == SENTENCE.format("`opinionlens worker`", "scipy", "worker")
    assert set(asked) <= {Requirement(one).name for one in EXTRAS["worker"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hidden", "library", "target", "arguments"),
    [
        ("scipy", "scipy", "opinionlens.cli.main:main", ("promote",)),
        ("scipy", "scipy", "opinionlens.cli.main:register_model_main", ("m-1", "mine")),
        ("polars", "polars", "opinionlens.cli.stages:preprocess_data", ()),
        ("scipy", "scipy", "opinionlens.cli.stages:vectorize_data", ()),
        ("scipy", "scipy", "opinionlens.cli.stages:run_baselines", ()),
        ("optuna", "optuna", "opinionlens.cli.stages:tune_sklearn", ()),
        ("yaml", "pyyaml", "opinionlens.cli.stages:train_sklearn", ()),
        ("scipy", "scipy", "opinionlens.cli.stages:evals", ()),
    ],
)
def test_a_command_without_its_extra_says_one_sentence(hidden, library, target, arguments, tmp_path):
    done = run_without(hidden, target, *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"error: {SENTENCE.format('This command', library, 'pipeline')}\n"


def test_a_fault_of_ours_keeps_its_traceback(tmp_path):
    done = run_without(
        "opinionlens.cli.explain", "opinionlens.cli.main:main", "explain", "fine", folder=tmp_path
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
