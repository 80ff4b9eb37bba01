"""Dashboards ask for series and labels that exist, in a form that Prometheus can read."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml
from tests.support.dashboards import (
    EMPTY_IN_ORDER,
    Expression,
    choices,
    dashboard_files,
    expressions,
    panels,
    report,
)

ROOT = Path(__file__).parents[2]
BOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in dashboard_files()}
EXPRESSIONS = [expression for path in dashboard_files() for expression in expressions(path)]
JOBS = {"pg-exporter-mlflow", "opinionlens-fastapi", "opinionlens-inference", "node", "traefik", "worker"}
RULES = [
    rule
    for path in sorted((ROOT / "prometheus" / "rules").glob("*.yaml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


def visited(expr: str, kind: type) -> list:
    """Every part of that kind in an expression, selectors inside a range among them."""
    found: list = []
    promql_parser.walk(promql_parser.parse(expr), lambda node: found.append(node))
    return [node for node in found if isinstance(node, kind)]


def app_metrics() -> Iterator[tuple[str, set[str]]]:
    """The series of docs/metrics.md, which a test of its own compares with the app's."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    endings = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", page, flags=re.MULTILINE):
        for ending in endings.get(kind, ("",)):
            yield name + ending, {*re.findall(r"`(\w+)`", labels), *(["le"] if ending == "_bucket" else [])}


def others_metrics() -> Iterator[tuple[str, set[str]]]:
    listed = tomllib.loads((Path(__file__).parent / "exported_metrics.toml").read_text(encoding="utf-8"))
    for metrics in listed.values():
        yield from ((name, set(labels)) for name, labels in metrics.items())


def recorded_metrics() -> Iterator[tuple[str, set[str]]]:
    """The series of the recording rules, with the labels that their outermost grouping leaves."""
    for rule in RULES:
        if "record" in rule:
            outermost = visited(rule["expr"], promql_parser.AggregateExpr)[0].modifier
            yield rule["record"], set(outermost.labels) if outermost else set()


SERIES = dict([*app_metrics(), *others_metrics(), *recorded_metrics()])
each_expression = pytest.mark.parametrize(
    "expression", EXPRESSIONS, ids=lambda item: f"{item.dashboard}-{item.where}"
)
each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def labels_left(written: str) -> set[str]:
    """Labels that the groupings of an expression name; without any grouping, those of its series."""
    groups = re.findall(r"by \(([^)]*)\)", written)
    if groups:
        return {name for group in groups for name in group.split(", ")}
    return {"instance", "job"}.union(*(labels for name, labels in SERIES.items() if name in written))


@each_expression
def test_selectors_name_series_and_labels_that_exist(expression):
    for selector in visited(expression.expr, promql_parser.VectorSelector):
        assert selector.name in SERIES, selector.name
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= SERIES[selector.name] | {"job", "instance"}, selector.name
        assert {matcher.value for matcher in selector.matchers.matchers if matcher.name == "job"} <= JOBS


@each_expression
def test_groupings_name_labels_that_exist(expression):
    for aggregate in visited(expression.expr, promql_parser.AggregateExpr):
        if aggregate.modifier is not None:
            inner = visited(aggregate.expr.prettify(), promql_parser.VectorSelector)
            known = {"job", "instance"}.union(*(SERIES[selector.name] for selector in inner))
            assert set(aggregate.modifier.labels) <= known


@each_board
def test_legends_use_labels_that_are_left(board):
    for panel in panels(board):
        for target in panel["targets"]:
            used = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
            assert used <= labels_left(target["expr"]), panel["title"]


@each_board
def test_variables_of_a_dashboard_are_used_by_it(board):
    known = set(choices(board)) | {"docs", "__interval", "__rate_interval"}
    used = set(re.findall(r"\$\{?([a-zA-Z_]\w*)", json.dumps(panels(board)))) - {"__value"}
    assert used <= known
    text = json.dumps([panels(board), [item["query"] for item in choices(board).values()]])
    assert [name for name in choices(board) if f"${name}" not in text] == [], "nothing is filtered by these"
    # Any number may be chosen, which only a regular expression can hold.
    assert re.findall(r'[^~]\\"\$(?!__)[a-z]\w*', text) == []


@each_board
def test_rates_use_the_interval_of_the_page(board):
    for panel in panels(board):
        for target in panel["targets"]:
            for call, window in re.findall(r"\b(i?rate|increase)\([^\[\]]*\[([^\]]+)\]", target["expr"]):
                assert call != "irate"
                assert window == "$__rate_interval" or call == "increase"


@each_board
def test_figures_ask_for_the_present(board):
    """Of a query over time Grafana would show the last value that there was, however old."""
    for panel in panels(board):
        over_time = panel["type"] in ("timeseries", "state-timeline")
        assert {target["range"] for target in panel["targets"]} == {over_time}, panel["title"]
        assert {target["instant"] for target in panel["targets"]} == {not over_time}, panel["title"]


def test_expected_gaps_are_expressions_of_dashboards():
    assert set(EMPTY_IN_ORDER) <= {(item.dashboard, item.where) for item in EXPRESSIONS}
    assert len(EMPTY_IN_ORDER) <= 10


def small_board(path: Path, **expressions: str) -> Path:
    """A dashboard with a closed row, and one panel in it for each expression."""
    boxes = [
        {"title": title, "type": "stat", "targets": [{"refId": "A", "expr": expr, "range": False}]}
        for title, expr in expressions.items()
    ]
    variable = {"type": "query", "name": "a", "query": "label_values(x, a)", "allValue": ".*"}
    row = {"title": "R", "type": "row", "panels": boxes}
    path.write_text(json.dumps({"panels": [row], "templating": {"list": [variable]}}))
    return path


def test_values_take_the_place_of_variables(tmp_path):
    written = 'label_replace(rate(x{a=~"$a"}[$__rate_interval]), "b", "$1", "a", "(.*)")'
    path = small_board(tmp_path / "small.json", P=written)
    read = 'label_replace(rate(x{a=~".*"}[1m]), "b", "$1", "a", "(.*)")'
    assert expressions(path) == [
        Expression("small", "P A", written, read, over_time=False),
        Expression("small", "variable a", "count by (a) (x)", "count by (a) (x)", over_time=False),
    ]
    assert 'x{a=~"b"}' in expressions(path, {"a": "b"})[0].expr
    with pytest.raises(KeyError, match="other"):
        expressions(small_board(path, P='x{a=~"$other"}'))


def test_report_tells_errors_gaps_and_what_is_no_number(tmp_path):
    values = {"good A": ["1"], "none A": [], "odd A": ["1", "NaN"], "variable a": ["1"]}

    def answer(expression):
        if expression.where == "bad A":
            raise ValueError("bad expression")
        return [{"metric": {}, "value": [0, value]} for value in values[expression.where]]

    found = report(answer, [small_board(tmp_path / "small.json", good="up", none="up", odd="up", bad="up")])
    assert found.asked == 5
    assert found.errors == ["small / odd A: up: not a number", "bad expression"]
    assert [expression.where for expression in found.unexpected] == ["none A"]
    assert found.empty == found.unexpected


def test_every_selector_is_seen():
    found = visited('sum(rate(made_up_total{a="b"}[5m])) / other', promql_parser.VectorSelector)
    assert [selector.name for selector in found] == ["made_up_total", "other"]
    with pytest.raises(ValueError, match="unclosed"):
        visited("sum(rate(up)", promql_parser.VectorSelector)
