"""The page for users of the older systems says of each name what is true of the code."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.routing import Match
from starlette.testclient import TestClient
from typer.main import get_command

from opinionlens.base.job_settings import DRIFT_DATABASE_VARIABLES
from opinionlens.base.setting_groups import ApiSettings, MlflowSettings
from opinionlens.base.settings import Settings, names_of_mlflow, setting_names
from opinionlens.cli.hub_settings import NAMES as HUB_NAMES
from opinionlens.cli.main import app as commands
from opinionlens.datasets.catalogue import CARDS
from opinionlens.drift.baseline import BASELINE_PATH
from opinionlens.drift.measures.known_measures import MEASURES
from opinionlens.drift.window_summary import COMBINED_DRIFT
from opinionlens.evaluation.scores import score
from opinionlens.families.baselines import BASELINES
from opinionlens.hub.pushing import HubModel
from opinionlens.jobs.drift_sources.disk_files import DRIFT_FOLDER
from opinionlens.jobs.drift_sources.mlflow_runs import MONITORING_RUN
from opinionlens.jobs.drift_sources.window_files import FILE_NAMES
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import SLICES, Paths
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import EXPERIMENT_TAG
from opinionlens.storage.tables import metadata
from opinionlens.text.labels import LABELS
from opinionlens.web.factory import create_app
from opinionlens.web.metrics.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
NAMES = tomllib.loads((Path(__file__).parent / "older_names.toml").read_text(encoding="utf-8"))
FIELDS: dict[str, list[str]] = NAMES.pop("fields")
OPENAPI = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
KIND_STAGES = yaml.safe_load((ROOT / "kinds" / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
KIND_PARAMS = yaml.safe_load((ROOT / "kinds" / "params.yaml").read_text(encoding="utf-8"))

SYSTEMS = {"S1", "S2", "S1, S2"}


@dataclass(frozen=True)
class Row:
    """One line of a table: names as they were, and what has become of them."""

    section: str
    names: tuple[str, ...]
    system: str
    here: str
    note: str

    @property
    def target(self) -> str | None:
        """What to use in its place, where that has another name."""
        match = re.fullmatch(r"works as `([^`]+)`", self.here)
        return match and match[1]


def rows_of(page: str) -> list[Row]:
    found, section = [], ""
    for line in page.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| `"):
            before, system, here, note = (cell.strip() for cell in line.strip("|").split(" | "))
            found.append(Row(section, tuple(re.findall(r"`([^`]+)`", before)), system, here, note))
    return found


ROWS = rows_of(PAGE.replace("| |\n", "|  |\n"))
TARGETS = [(row.section, row.target) for row in ROWS if row.target]
SAME = [(row.section, name) for row in ROWS if row.here == "works" for name in row.names]
ABSENT = [(row.section, name) for row in ROWS if row.here in ("not yet", "dropped") for name in row.names]


@pytest.mark.parametrize("section", NAMES)
def test_every_older_name_has_a_row(section):
    on_the_page = {name for row in ROWS if row.section == section for name in row.names}
    assert on_the_page == set(NAMES[section])


def test_every_row_says_one_of_four_things():
    assert {row.here for row in ROWS if row.target is None} <= {"works", "not yet", "dropped"}
    assert {row.system for row in ROWS} <= SYSTEMS
    assert {row.section for row in ROWS} == set(NAMES)


def test_what_was_dropped_has_its_reason():
    assert [row.names for row in ROWS if row.here == "dropped" and not row.note] == []


@pytest.mark.parametrize(("section", "name"), SAME)
def test_what_works_is_there(section, name):
    assert is_there(name, section)


@pytest.mark.parametrize(("section", "name"), TARGETS)
def test_what_takes_its_place_is_there(section, name):
    assert is_there(name, section)


@pytest.mark.parametrize(("section", "name"), ABSENT)
def test_what_is_not_yet_or_was_dropped_is_not_there(section, name):
    assert not is_there(name, section)


@pytest.mark.parametrize("endpoint", FIELDS)
def test_fields_of_endpoints_are_named_and_there(endpoint):
    note = next(row.note for row in ROWS if row.names == (endpoint,) and row.here == "works")
    assert set(FIELDS[endpoint]) <= set(re.findall(r"`(\w+)`", note))
    assert set(FIELDS[endpoint]) <= fields_of(endpoint)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("make nothing", "Commands"),
        ("uv run evaluate_all", "Commands"),
        ("dvc repro train_all", "Commands"),
        ("opinionlens judge", "Commands"),
        ("python -m opinionlens.nothing", "Commands"),
        ("opinionlens.text.recipe:Recipe.nothing", "Modules and functions"),
        ("opinionlens.nothing:Recipe", "Modules and functions"),
        ("training.families: [perceptron]", "Modules and functions"),
        ("recipe.stemmer: cistem", "Modules and functions"),
        ("recipe.stems: porter", "Parameters"),
        ("training.trials", "Parameters"),
        ("fasttext.epochs", "Parameters"),
        ("GET /api/v1/everything", "Endpoints"),
        ("POST /health", "Endpoints"),
        ("API__FALLBACK=dice", "Endpoints"),
        ("API__NOTHING", "Settings"),
        ("static/js/nothing.js", "Files and folders"),
        ("data/nothing/", "Files and folders"),
        ("nothing_total", "Metrics"),
        ("test_nothing", "Names in MLflow"),
    ],
)
def test_the_check_sees_what_is_missing(name, section):
    assert not is_there(name, section)


def is_there(name: str, section: str) -> bool:
    """Return whether a name means something here; its form says what it is, else the section does."""
    if re.match(r"(GET|POST|DELETE) /", name):
        return answers(*name.split())
    if re.match(r"(make|uv|dvc|docker|python|fastapi|uvicorn|opinionlens) ", name):
        return command_works(name.removeprefix("uv run "))
    if re.match(r"opinionlens\.(?!localhost)\w+", name):
        return module_has(*name.partition(":")[::2])
    if re.match(r"[a-z]+\.[a-z_]+(: |$)", name) and name.partition(".")[0] in PARAMS:
        return parameter_takes(*name.partition(": ")[::2])
    if re.match(r"[a-z]+\.\w+$", name) and name.partition(".")[0] in KIND_PARAMS:
        section, _, key = name.partition(".")
        return key in KIND_PARAMS[section]
    if re.match(r"[A-Z]+__[A-Z_]+=", name):
        return setting_takes(*name.split("="))
    return name in BY_SECTION[section]()


def command_works(command: str) -> bool:
    program, *words = command.split()
    if program == "python":
        module = words[-1].replace("/", ".").removesuffix(".py")
        top = module.partition(".")[0]
        return importlib.util.find_spec(top) is not None and importlib.util.find_spec(module) is not None
    known = {
        "make": lambda: set(words) <= make_targets(),
        "dvc": lambda: words[0] == "repro" and set(words[1:]) <= set(STAGES),
        "opinionlens": lambda: words[0] in get_command(commands).commands,
        "uvicorn": lambda: module_has(*words[0].partition(":")[::2]),
        "fastapi": lambda: words[0] == "dev" and words[1] in files() and entry_points(name="fastapi"),
        "docker": lambda: words[:2] == ["compose", "-f"] and words[2] in files() and words[3] == "up",
        "mlflow": lambda: entry_points(group="console_scripts", name="mlflow"),
    }
    return bool(known[program]()) if program in known else program in PYPROJECT["project"]["scripts"]


def module_has(module: str, attribute: str) -> bool:
    try:
        found = importlib.import_module(module)
    except ImportError:
        return False
    # By name: asking `opinionlens.app.main` for its app would build it.
    name, _, inner = attribute.partition(".")
    return not name or (name in dir(found) and (not inner or hasattr(getattr(found, name), inner)))


def parameter_takes(key: str, value: str) -> bool:
    """Return whether params.yaml has the parameter and may give it that value."""
    section, name = key.split(".")
    if name not in PARAMS[section]:
        return False
    values = {**PARAMS, section: {**PARAMS[section], name: yaml.safe_load(value)}} if value else PARAMS
    try:
        Params.model_validate(values)
    except ValidationError:
        return False
    return True


def setting_takes(name: str, value: str) -> bool:
    group, field = name.lower().split("__")
    try:
        Settings.model_validate({group: {field: value}})
    except ValidationError:
        return False
    return name in setting_names()


@cache
def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))


@cache
def the_app() -> FastAPI:
    api = ApiSettings(static_path=ROOT / "static", templates_path=ROOT / "templates")
    return create_app(Settings.model_construct(api=api), registry=MemoryRegistry())


def answers(method: str, path: str) -> bool:
    """Return whether a route takes the address; one with a place to fill in is looked up by its text."""
    if "{" in path:
        return method.lower() in the_app().openapi()["paths"].get(path, ())
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    return any(route.matches(dict(scope))[0] is Match.FULL for route in the_app().routes)


def fields_of(endpoint: str) -> set[str]:
    """Return the names of what an endpoint takes and answers."""
    method, path = endpoint.split()
    operation = OPENAPI["paths"][path][method.lower()]
    return {one["name"] for one in operation.get("parameters", ())} | property_names(operation)


def property_names(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(property_names, schema))
    if not isinstance(schema, dict):
        return set()
    found = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    if reference := schema.get("$ref"):
        found |= property_names(OPENAPI["components"]["schemas"][reference.rpartition("/")[2]])
    return found.union(*(property_names(part) for key, part in schema.items() if key != "properties"))


def headers() -> set[str]:
    """Return the header of ours that every answer has."""
    answer = TestClient(the_app(), base_url="http://localhost").get("/health")
    return {name for name in ("X-Request-ID",) if name in answer.headers}


@cache
def files() -> set[str]:
    """Return every place in the tree, and those that the stages, the settings and the parameters name."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = {str(place) for name in tracked for place in (Path(name), *Path(name).parents)}
    for stage in (*STAGES.values(), *KIND_STAGES.values()):
        outs = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
        found |= {one if isinstance(one, str) else next(iter(one)) for one in outs}
    found |= {
        str(Paths().vectorizer),
        *(f"{PARAMS['data']['raw_dir']}/{card.path}" for card in CARDS.values()),
    }
    api = ApiSettings()
    found |= {str(BASELINE_PATH), *(str(DRIFT_FOLDER / name) for name in FILE_NAMES)}
    found |= {str(api.saved_model_path), str(api.error_log_path)}
    for url in (MlflowSettings().local_tracking_uri, PARAMS["training"]["storage"]):
        found.add(url.removeprefix("sqlite:///"))
    found |= {f".{name}" for name in ("env", "env.stage", "env.prod", "env.build") if name in found}
    found |= {str(parent) for name in tuple(found) for parent in Path(name).parents}
    return found | {f"{name}/" for name in found} | set(metadata.tables)


@cache
def names_in_mlflow() -> set[str]:
    mlflow = MlflowSettings()
    scores = score(list(LABELS), np.eye(len(LABELS)))
    trials = (ROOT / "src/opinionlens/pipeline/trials.py").read_text(encoding="utf-8")
    pictures = (ROOT / "src/opinionlens/pipeline/pictures.py").read_text(encoding="utf-8")
    tuning = importlib.import_module("opinionlens.pipeline.tuning")
    return {
        mlflow.local_experiment_name,
        mlflow.remote_experiment_name,
        EXPERIMENT_TAG,
        tuning.trial_name(SimpleNamespace(proposal=SimpleNamespace(number="N"))),
        *SLICES,
        *(f"{name}_baseline" for name in BASELINES),
        *scores.as_metrics("test"),
        *re.findall(r'"(val_\w+)":', trials),
        *re.findall(r'"(\w+\.png)":', pictures),
        MONITORING_RUN,
        *(measure.name for measure in MEASURES),
        COMBINED_DRIFT,
        # The digest is all that the tag is made of.
        HubModel(Path(), SimpleNamespace(), "<sha7>").tag,
    }


def build_arguments() -> set[str]:
    return {
        name
        for path in ROOT.glob("docker/Dockerfile.*")
        for name in re.findall(r"^ARG (\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }


@cache
def services_and_jobs() -> set[str]:
    """Return the stack's services, Traefik's names, and jobs of Prometheus, the DAG and workflows."""
    stack = yaml.safe_load((ROOT / "docker" / "stack.yaml").read_text(encoding="utf-8"))
    routes = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "traefik" / "dynamic").rglob("*.yaml")
    )
    scraped = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    hosts = re.findall(r'Host\(`(\w+)\.\{\{ env "STACK_DOMAIN" \}\}`\)', routes)
    jobs = {job["job_name"] for job in scraped["scrape_configs"]}
    dag = (ROOT / "airflow" / "dags" / "sentiment_pipeline.py").read_text(encoding="utf-8")
    tasks = set(re.findall(r'(?:dag|task)_id="(\w+)"', dag))
    for path in (ROOT / ".github" / "workflows").iterdir():
        jobs |= set(yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"])
    return set(stack["services"]) | {f"{host}.localhost" for host in hosts} | jobs | tasks


def nothing() -> set[str]:
    return set()


BY_SECTION = {
    "Commands": nothing,
    "Modules and functions": nothing,
    "Endpoints": headers,
    "Files and folders": files,
    "Settings": lambda: (
        set(setting_names()) | {*names_of_mlflow(), *DRIFT_DATABASE_VARIABLES, *HUB_NAMES, *build_arguments()}
    ),
    "Parameters": nothing,
    "Metrics": lambda: {card.family + ("_total" if card.kind == "counter" else "") for card in CATALOGUE},
    "Names in MLflow": names_in_mlflow,
    "Services and jobs": services_and_jobs,
}
