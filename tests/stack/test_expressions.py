"""Every expression of the dashboards and of the rules, asked of the live Prometheus."""

import time
from functools import partial
from pathlib import Path

import pytest
import yaml
from tests.stack.load import Load
from tests.support.dashboards import EMPTY_IN_ORDER, ask, dashboard_files, report

ROOT = Path(__file__).parents[2]
# Alerts are empty when all is well; records are not, but for these.
EMPTY_RECORDS = {"cn_sans:certificate_left:seconds": "Traefik serves plain HTTP on one's own machine"}
MOST_EMPTY = 10


@pytest.fixture(scope="module", autouse=True)
def traffic(stack, prometheus):
    """Predictions all the while: rates and percentiles of nothing are empty."""
    with Load(stack.app):
        for _ in range(2):
            prometheus.wait_for_scrape("opinionlens-inference", time.time())
        yield


def test_every_dashboard_expression_gives_something(stack, app, prometheus, tables):
    # The app knows of the registry what its last question told.
    assert app.ask("GET", "/api/v1/models/registry").status == 200
    # The load has asked for single texts; a rate needs batches at two scrapes.
    for _ in range(2):
        answer = app.ask("POST", "/api/v1/inference/batch_predict", ["what a glorp day", "klem"])
        assert answer.status == 200, answer.body
        prometheus.wait_for_scrape("opinionlens-fastapi", time.time())
        prometheus.wait_for_scrape("opinionlens-inference", time.time())
    address = f"http://127.0.0.1:{stack.project.ports['PROMETHEUS_PORT']}"
    found = report(partial(ask, address))
    for path in dashboard_files():
        empty = [item for item in found.empty if item.dashboard == path.stem]
        errors = [text for text in found.errors if text.startswith(f"{path.stem} /")]
        of_this = report(lambda _: [], [path]).asked
        tables.add("expressions", f"dashboard {path.stem}", of_this, len(errors), len(empty))
    for item in found.empty:
        reason = EMPTY_IN_ORDER.get((item.dashboard, item.where), "none")
        tables.add("empty expressions", f"{item.dashboard} / {item.where}", reason)
    assert found.asked > 50
    assert found.errors == []
    assert [str(item) for item in found.unexpected] == []
    assert len(found.empty) <= MOST_EMPTY


def test_every_rule_is_evaluated(prometheus, tables):
    rules = [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]
    written = [
        rule
        for path in sorted((ROOT / "prometheus" / "rules").glob("*.yaml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]
    assert len(rules) == len(written) > 10
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
    empty = [
        rule["name"] for rule in rules if rule["type"] == "recording" and not prometheus.query(rule["name"])
    ]
    for name in empty:
        tables.add("empty expressions", f"rule {name}", EMPTY_RECORDS.get(name, "none"))
    tables.add("expressions", "rules", len(rules), 0, len(empty))
    assert set(empty) <= set(EMPTY_RECORDS)


def test_every_target_is_scraped(prometheus):
    targets = prometheus.api("targets", state="active")["activeTargets"]
    assert {target["labels"]["job"] for target in targets} == {
        *("prometheus", "node", "traefik", "grafana", "pg-exporter-mlflow"),
        *("opinionlens-fastapi", "opinionlens-inference", "alertmanager", "worker"),
    }
    assert [(one["labels"]["job"], one["lastError"]) for one in targets if one["health"] != "up"] == []
