"""The DAG's file is read every few seconds: it imports little, and asks for nothing."""

import ast
import sys
from pathlib import Path

import pytest

DAGS = Path(__file__).parents[2] / "airflow" / "dags"
FILES = sorted(DAGS.rglob("*.py"))


def imports(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports_are_airflow_the_standard_library_and_its_own(path):
    tops = {name.partition(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)
    assert tops <= ({"airflow", "sentiment_steps"} if path.parent == DAGS else {"sentiment_steps"})


def test_every_task_has_a_time_limit_and_another_try():
    tree = ast.parse((DAGS / "sentiment_pipeline.py").read_text())
    calls = {
        getattr(call.func, "id", ""): {word.arg: word.value for word in call.keywords}
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
    }
    defaults = {key.value for key in calls["DAG"]["default_args"].keys}
    assert {"retries", "retry_delay", "execution_timeout", "on_failure_callback"} <= defaults
    assert calls["DAG"]["schedule"].value == "@daily"
    assert calls["DAG"]["catchup"].value is False
    assert calls["DAG"]["max_active_runs"].value == 1
    assert calls["ProgramOperator"]["python_callable"].id == "train"
