"""Importing is free of effects, and what serves never loads what trains."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import opinionlens

ROOT = Path(__file__).parents[2]
HEAVY = (
    "mlflow",
    "sklearn",
    "scipy",
    "pandas",
    "polars",
    "optuna",
    "dvc",
    "matplotlib",
    "nltk",
    "torch",
    "pyarrow",
)

# Runs in a fresh interpreter: imports the module, and reports what that did.
PROBE = """
import builtins, io, json, socket, sys
name, root = sys.argv[1:]
effects = []

def is_data_of_ours(path):
    parts = str(path).split("/")
    return str(path).startswith(root) and not {".venv", "__pycache__"} & set(parts) and path[-3:] != ".py"

def watch(event, args):
    acts = ("socket.connect", "socket.bind", "subprocess.Popen", "os.mkdir", "os.remove", "os.rename")
    if event in acts or (event == "open" and isinstance(args[0], str) and is_data_of_ours(args[0])):
        effects.append(f"{event} {args[0]}")

sys.addaudithook(watch)
stdout = sys.stdout
sys.stdout = captured = io.StringIO()
__import__(name)
sys.stdout = stdout
modules = sorted(sys.modules)
loaded = sorted({module.split(".")[0] for module in modules})
print(json.dumps({"effects": effects, "printed": captured.getvalue(), "loaded": loaded, "modules": modules}))
"""


def all_modules() -> list[str]:
    found = pkgutil.walk_packages(opinionlens.__path__, "opinionlens.")
    return sorted(module.name for module in found)


def probe(name: str) -> dict:
    process = subprocess.run(
        [sys.executable, "-c", PROBE, name, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
    assert process.stderr == ""
    return json.loads(process.stdout)


@pytest.mark.parametrize(
    "package", sorted({".".join(name.split(".")[:2]) for name in all_modules()} - {"opinionlens.__main__"})
)
def test_importing_does_nothing(package):
    report = probe(package)
    assert report["effects"] == []
    assert report["printed"] == ""


@pytest.mark.parametrize(
    "module",
    [
        "opinionlens.web.factory",
        "opinionlens.serving.store",
        "opinionlens.classifiers.load",
        "opinionlens.registry.process",
        "opinionlens.text.recipe",
        "opinionlens.text.lexicon",
    ],
)
def test_serving_loads_nothing_heavy(module):
    loaded = set(probe(module)["loaded"])
    assert loaded & set(HEAVY) == set()


# Needed by some requests, some databases or the first start only; together they took a tenth of the start.
LATER = (
    "alembic",
    "argon2",
    "opinionlens.bulk",
    "opinionlens.datasets.own_rows",
    "opinionlens.evaluation.own_data",
    "opinionlens.tabular.opening",
    "psycopg",
    "sqlalchemy.dialects.postgresql",
)


def test_the_app_starts_without_what_it_needs_later():
    modules = set(probe("opinionlens.server.assembly")["modules"])
    assert "opinionlens.web.factory" in modules
    assert modules & set(LATER) == set()


def test_the_parent_of_several_workers_loads_no_app():
    """Also, what a single process loads for the app is loaded while no garbage is collected."""
    modules = set(probe("opinionlens.cli.serve")["modules"]) | set(
        probe("opinionlens.server.entry")["modules"]
    )
    assert "uvicorn" in modules
    assert (
        modules & {"fastapi", "numpy", "prometheus_client", "sqlalchemy", "opinionlens.web.factory"} == set()
    )


def test_the_command_line_starts_light():
    assert set(probe("opinionlens.cli.main")["loaded"]) & set(HEAVY) == set()


def test_the_probe_sees_effects(tmp_path):
    """The tests above could pass because the probe is blind: it is not."""
    guilty = tmp_path / "guilty.py"
    guilty.write_text(f"import sklearn\nprint('hello')\nopen({str(ROOT / 'params.yaml')!r}).read()\n")
    process = subprocess.run(
        [sys.executable, "-c", PROBE, "guilty", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
    )
    report = json.loads(process.stdout)
    assert report["effects"] == [f"open {ROOT / 'params.yaml'}"]
    assert report["printed"] == "hello\n"
    assert "sklearn" in report["loaded"]
