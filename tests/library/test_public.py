"""What `opinionlens` offers, and that importing it costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

import opinionlens

PROBE = """
import json, sys
before = set(sys.modules)
import opinionlens
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def in_fresh_python(code: str, *arguments: str) -> str:
    call = [sys.executable, "-c", code, *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=True, timeout=120).stdout


def test_importing_loads_nothing_else():
    loaded = set(json.loads(in_fresh_python(PROBE)))
    assert {name for name in loaded if name.startswith("opinionlens")} == {"opinionlens"}
    assert {name.partition(".")[0] for name in loaded} <= {
        "opinionlens",
        "__future__",
        "importlib",
        "warnings",
    }


def test_public_names():
    assert opinionlens.__all__ == [
        "Explanation",
        "Label",
        "OpinionLensError",
        "Prediction",
        "SentimentClassifier",
        "__version__",
        "lexicon",
        "load",
    ]
    assert opinionlens.__all__ == sorted(opinionlens.__all__)


def test_every_public_name_is_there_and_listed():
    for name in opinionlens.__all__:
        assert getattr(opinionlens, name) is not None
    assert set(opinionlens.__all__) <= set(dir(opinionlens))
    assert opinionlens.__version__ == version("opinionlens")


def test_star_import_gives_exactly_the_public_names():
    names = in_fresh_python(
        "from opinionlens import *\nprint(*(n for n in dir() if n == '__version__' or n[:2] != '__'))"
    )
    assert sorted(names.split()) == opinionlens.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'opinionlens' has no attribute 'laod'"):
        opinionlens.laod  # noqa: B018


def test_loading_a_folder_needs_neither_registry_nor_settings(write_word_model, tmp_path):
    write_word_model(tmp_path / "mine", {"great": 2.0})
    code = (
        "import sys, opinionlens\n"
        "opinionlens.load(sys.argv[1]).predict('great')\n"
        "print(*(name for name in sys.modules if '.' not in name))"
    )
    loaded = set(in_fresh_python(code, str(tmp_path / "mine")).split())
    assert "numpy" in loaded
    assert not loaded & {
        "mlflow",
        "pydantic_settings",
        "sqlalchemy",
        "structlog",
        "sklearn",
        "uvicorn",
    }
