"""The expressions of Grafana dashboards as Prometheus gets them, and its answers."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards"

# What Grafana puts in for a page of an hour and a scrape every 15 seconds.
_BUILT_IN = {
    "__interval": "15s",
    "__interval_ms": "15000",
    "__rate_interval": "1m",
    "__range": "1h",
    "__range_s": "3600",
    "__range_ms": "3600000",
}
# Expressions that give nothing on a stack in order, and why that is right.
EMPTY_IN_ORDER = {
    ("overview", "Firing alerts A"): "no alert fires",
    ("overview", "Alerts that fired A"): "no alert has fired",
    ("fastapi", "Errors of the last hour by route A"): "no request has failed",
    ("traefik", "Certificate expires in A"): "Traefik serves plain HTTP on one's own machine",
    ("node", "Last backup A"): "no backup was ever made there",
}
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::\w+)?\}|\$([A-Za-z_]\w*)")
_LABEL_VALUES = re.compile(r"label_values\((?P<series>.+), *(?P<label>\w+)\)")


@dataclass(frozen=True)
class Expression:
    """One expression of a dashboard; `written` still has the variables, `expr` has values in their place."""

    dashboard: str
    where: str
    written: str
    expr: str
    over_time: bool

    def __str__(self) -> str:
        return f"{self.dashboard} / {self.where}: {self.expr}"


Answer: TypeAlias = Callable[[Expression], list[dict[str, Any]]]


@dataclass
class Report:
    """What became of all expressions: faults, and those that gave nothing."""

    asked: int = 0
    errors: list[str] = field(default_factory=list)
    empty: list[Expression] = field(default_factory=list)

    @property
    def unexpected(self) -> list[Expression]:
        """Return the empty ones that have no reason to be."""
        return [item for item in self.empty if (item.dashboard, item.where) not in EMPTY_IN_ORDER]


def dashboard_files() -> list[Path]:
    """Return the files of all dashboards."""
    return sorted(FOLDER.glob("*.json"))


def expressions(path: Path, values: Mapping[str, str] | None = None) -> list[Expression]:
    """Return what a dashboard asks: panels, annotations and variables, with All or `values` for variables."""
    board = json.loads(path.read_text(encoding="utf-8"))
    chosen = {name: variable["allValue"] for name, variable in choices(board).items()} | dict(values or {})
    return [
        Expression(path.stem, where, written, substituted(written, chosen), over_time)
        for where, written, over_time in _written(board)
    ]


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return all panels without the rows, those inside closed rows among them."""
    found: list[dict[str, Any]] = []
    for panel in board["panels"]:
        found += panel.get("panels", []) if panel["type"] == "row" else [panel]
    return found


def choices(board: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the variables whose values Prometheus knows, by name."""
    return {item["name"]: item for item in board["templating"]["list"] if item["type"] == "query"}


def substituted(written: str, values: Mapping[str, str]) -> str:
    """Return the expression with values for its variables; an unknown variable is a `KeyError`."""
    known = _BUILT_IN | dict(values)
    return _VARIABLE.sub(lambda match: known[match[1] or match[2]], written)


def ask(prometheus: str, expression: Expression, seconds: int = 600) -> list[dict[str, Any]]:
    """Return the series that a Prometheus gives, over the last `seconds` where Grafana asks over time.

    An error of the expression is a `ValueError`.
    """
    question = {"query": expression.expr}
    if expression.over_time:
        end = time.time()
        question |= {"start": f"{end - seconds:.3f}", "end": f"{end:.3f}", "step": "15"}
    kind = "query_range" if expression.over_time else "query"
    address = f"{prometheus}/api/v1/{kind}?{urllib.parse.urlencode(question)}"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - a test's own server
            return list(json.load(answer)["data"]["result"])
    except urllib.error.HTTPError as error:
        raise ValueError(f"{expression}: {json.load(error)['error']}") from None


def report(answer: Answer, files: Iterable[Path] | None = None) -> Report:
    """Ask every expression of every dashboard: `report(partial(ask, "http://127.0.0.1:9090"))`."""
    found = Report()
    for expression in (item for path in files or dashboard_files() for item in expressions(path)):
        found.asked += 1
        try:
            series = answer(expression)
        except ValueError as error:
            found.errors.append(str(error))
            continue
        if not series:
            found.empty.append(expression)
        if any(value in ("NaN", "+Inf", "-Inf") for one in series for value in _values(one)):
            found.errors.append(f"{expression}: not a number")
    return found


def _values(series: Mapping[str, Any]) -> list[str]:
    return [value for _, value in series.get("values", [series.get("value")])]


def _written(board: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"], target["range"]
    for annotation in board.get("annotations", {}).get("list", []):
        yield f"annotation {annotation['name']}", annotation["expr"], True
    for name, variable in choices(board).items():
        match = _LABEL_VALUES.fullmatch(variable["query"])
        assert match is not None, variable["query"]
        yield f"variable {name}", f"count by ({match['label']}) ({match['series']})", False
