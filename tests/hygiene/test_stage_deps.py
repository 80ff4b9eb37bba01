"""What `dvc.yaml` and `kinds/dvc.yaml` say a stage depends on is what its module imports and reads."""

import ast
import re
from pathlib import Path

import grimp
import pytest
import yaml

from opinionlens.pipeline.params import Evaluation

ROOT = Path(__file__).parents[2]
MAIN = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
KINDS = yaml.safe_load((ROOT / "kinds" / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
STAGES = MAIN | KINDS
# They show and say things; they cannot change what a stage writes.
PRESENTATION = {
    "opinionlens",
    "opinionlens.base.errors",
    "opinionlens.base.logs",
    "opinionlens.base.web_files",
    "opinionlens.pipeline",
    "opinionlens.base.progress",
    "opinionlens.pipeline.stage",
}


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("opinionlens", include_external_packages=False)


def module_of(stage: str) -> str:
    match = re.fullmatch(r"python -m (opinionlens\.pipeline\.\w+)", STAGES[stage]["cmd"])
    assert match, f"the command of {stage} is not `python -m opinionlens.pipeline.<stage>`"
    return match[1]


def path_of(module: str) -> str:
    path = Path("src", *module.split("."))
    return f"{path}/__init__.py" if (ROOT / path).is_dir() else f"{path}.py"


def code_deps(stage: str) -> list[str]:
    return [dep for dep in STAGES[stage]["deps"] if dep.startswith("src/")]


def covers(dep: str, path: str) -> bool:
    return path == dep or path.startswith(f"{dep}/")


def closure(graph, stage: str) -> set[str]:
    module = module_of(stage)
    return {path_of(name) for name in (graph.find_upstream_modules(module) | {module}) - PRESENTATION}


@pytest.mark.parametrize("stage", STAGES)
def test_every_imported_module_is_a_dep(graph, stage):
    missing = {
        path for path in closure(graph, stage) if not any(covers(dep, path) for dep in code_deps(stage))
    }
    assert missing == set()


@pytest.mark.parametrize("stage", STAGES)
def test_no_code_dep_is_stale(graph, stage):
    imported = closure(graph, stage)
    stale = {dep for dep in code_deps(stage) if not any(covers(dep, path) for path in imported)}
    assert stale == set()


def params_read(module: str) -> set[str]:
    """Every `params.<section>[.<key>]` that the module reads."""
    tree = ast.parse((ROOT / path_of(module)).read_text(encoding="utf-8"))
    found = set()
    # `params.base.random_seed` also holds the chain `params.base`: only the outermost counts.
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        chain: list[str] = []
        if id(node) in inner:
            continue
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if chain and isinstance(node, ast.Name) and node.id == "params":
            found.add(".".join(chain[:2]))
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_params_declared_are_the_params_read(stage):
    read = params_read(module_of(stage))
    declared = {key for key in STAGES[stage].get("params", []) if isinstance(key, str)}
    undeclared = {
        k for k in read if not any(k == d or d.startswith(f"{k}.") or k.startswith(f"{d}.") for d in declared)
    }
    unread = {
        d for d in declared if not any(k == d or d.startswith(f"{k}.") or k.startswith(f"{d}.") for k in read)
    }
    assert (undeclared, unread) == (set(), set())


@pytest.mark.parametrize("stage", KINDS)
def test_stages_of_heavier_kinds_work_in_the_root_with_parameters_of_their_own(stage):
    assert KINDS[stage]["wdir"] == ".."
    files = [key for key in KINDS[stage]["params"] if isinstance(key, dict)]
    section = stage.removeprefix("train_")
    assert files == [{"kinds/params.yaml": [section]}]
    assert section in yaml.safe_load((ROOT / "kinds" / "params.yaml").read_text(encoding="utf-8"))


def test_no_stage_has_two_places():
    assert MAIN.keys() & KINDS.keys() == set()


@pytest.mark.parametrize("stage", STAGES)
def test_texts_of_other_kinds_reach_no_stage_but_run_evals(graph, stage):
    can_know = {"evaluation", "evaluation.other_kinds"} & set(map(str, STAGES[stage].get("params", [])))
    reader = "opinionlens.pipeline.other_kinds"
    imports = reader in graph.find_upstream_modules(module_of(stage))
    assert (bool(can_know), imports) == ((True, True) if stage == "run_evals" else (False, False))


def test_tuning_declares_every_parameter_of_the_evaluation_but_the_texts_of_other_kinds():
    declared = {key for key in STAGES["tune_sklearn"]["params"] if key.startswith("evaluation.")}
    fields = set(Evaluation.model_fields) - {"other_kinds"}
    assert declared == {f"evaluation.{name}" for name in fields}


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_runs_always_or_writes_its_own_inputs(stage):
    assert "always_changed" not in STAGES[stage]
    outs = [
        next(iter(out)) if isinstance(out, dict) else out
        for kind in ("outs", "metrics", "plots")
        for out in STAGES[stage].get(kind, [])
    ]
    deps = STAGES[stage]["deps"]
    assert outs, "a stage without outs would always run"
    assert not [dep for dep in deps for out in outs if covers(out, dep) or covers(dep, out)]


@pytest.mark.parametrize("stage", STAGES)
def test_user_folders_are_never_outs(stage):
    outs = str(STAGES[stage].get("outs", []))
    assert "data/raw" not in outs
    assert "${data.raw_dir}" not in outs
