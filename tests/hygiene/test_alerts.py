"""Rules, their tests, the runbook, the dashboards and the metrics go by the same names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from scripts.dashboards.alerts import ALERTS

from opinionlens.jobs.worker_metrics import FIGURES
from opinionlens.web.metrics.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
SCRIPT = PROMETHEUS / "alertmanager.sh"
WORKERS = {figure.name for figure in FIGURES}
# Of other programs; each was seen in their own answers.
OTHERS = {
    "up",
    # Of `make backup`, by way of node-exporter.
    "opinionlens_backup_last_success_timestamp_seconds",
    "pg_up",
    "node_filesystem_avail_bytes",
    "node_filesystem_readonly",
    "node_filesystem_size_bytes",
    "traefik_tls_certs_not_after",
}
JOBS = [
    "prometheus",
    "alertmanager",
    "node",
    "traefik",
    "grafana",
    "pg-exporter-mlflow",
    "worker",
    "opinionlens-fastapi",
    "opinionlens-inference",
]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


RULES = [
    rule
    for path in sorted((PROMETHEUS / "rules").iterdir())
    for group in read(path)["groups"]
    for rule in group["rules"]
]
ALERTING = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
TESTS = [test for path in sorted((PROMETHEUS / "tests").iterdir()) for test in read(path)["tests"]]


def app_series() -> set[str]:
    endings = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    return {card.name + ending for card in CATALOGUE for ending in endings.get(card.kind, ("",))}


def names_in(expression: str) -> set[str]:
    found: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), found.append)
    return {node.name for node in found if isinstance(node, promql_parser.VectorSelector)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_expressions_name_what_exists(rule):
    assert names_in(rule["expr"]) <= app_series() | WORKERS | RECORDED | OTHERS


def test_an_unknown_name_is_found():
    assert names_in("sum(rate(nothing_total[5m])) > 1") - app_series() == {"nothing_total"}


def test_dashboards_and_runbook_know_every_alert():
    named = {rule["alert"] for rule in ALERTING}
    assert named == set(ALERTS)
    assert set(re.findall(r"^## (\w+)$", RUNBOOK, flags=re.MULTILINE)) == named


@pytest.mark.parametrize("rule", ALERTING, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_alerts_say_what_to_do(rule):
    name, notes = rule["alert"], rule["annotations"]
    assert rule["labels"]["severity"] in ("page", "warn")
    assert "for" in rule or name == "PredictionRowsLost"
    assert set(notes) == {"summary", "description", "runbook_url"}
    assert notes["runbook_url"].endswith(f"docs/runbook.md#{name.lower()}")
    assert "{{" in notes["description"]
    paragraph = RUNBOOK.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert rule["labels"]["severity"] in paragraph.split("*")[1]
    for part in ("**Users**", "**Look at**", "**Do**", "**It resolves**"):
        assert part in paragraph.replace("\n", " "), part


@pytest.mark.parametrize("rule", ALERTING, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}")
def test_every_alert_is_shown_firing_and_not_firing(rule):
    shown = [
        case
        for test in TESTS
        for case in test.get("alert_rule_test", ())
        if case["alertname"] == rule["alert"]
    ]
    severities = [{alert["exp_labels"]["severity"] for alert in case["exp_alerts"]} for case in shown]
    assert any(rule["labels"]["severity"] in found for found in severities)
    assert any(rule["labels"]["severity"] not in found for found in severities)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_every_recording_rule_is_tested(name):
    assert any(name in case["expr"] for test in TESTS for case in test.get("promql_expr_test", ()))


def test_prometheus_asks_every_job_under_its_name():
    jobs = read(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    assert [job["job_name"] for job in jobs] == JOBS


@pytest.mark.parametrize("name", sorted(app_series()))
def test_of_the_two_jobs_of_the_app_exactly_one_keeps_a_series(name):
    jobs = {job["job_name"]: job for job in read(PROMETHEUS / "prometheus.yml")["scrape_configs"]}
    keeping = []
    for job in ("opinionlens-fastapi", "opinionlens-inference"):
        (rule,) = jobs[job]["metric_relabel_configs"]
        matches = re.fullmatch(rule["regex"], name) is not None
        keeping += [job] if matches == (rule["action"] == "keep") else []
    assert len(keeping) == 1


class TestReceivers:
    def rendered(self, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], **variables}
        return subprocess.run(
            ["sh", str(SCRIPT), "--render"], env=environment, capture_output=True, text=True, timeout=30
        )

    def test_without_variables_the_file_is_used_as_it_is(self):
        assert self.rendered().stdout == (PROMETHEUS / "alertmanager.yml").read_text(encoding="utf-8")

    def test_each_variable_adds_its_receiver(self):
        text = self.rendered(
            ALERT_WEBHOOK_URL="http://one.example/it's",
            ALERT_SLACK_URL="https://two.example",
            ALERT_EMAIL_TO="a@three.example",
            ALERT_EMAIL_FROM="b@three.example",
            ALERT_SMTP_HOST="three.example:587",
        ).stdout
        (receiver,) = yaml.safe_load(text)["receivers"]
        assert receiver["webhook_configs"][0] == {"url": "http://one.example/it's", "send_resolved": True}
        assert receiver["slack_configs"][0]["api_url"] == "https://two.example"
        assert receiver["email_configs"][0]["smarthost"] == "three.example:587"

    def test_secrets_may_come_from_files(self, tmp_path):
        (tmp_path / "url").write_text("http://hook.example\n")
        text = self.rendered(ALERT_WEBHOOK_URL_FILE=str(tmp_path / "url")).stdout
        assert yaml.safe_load(text)["receivers"][0]["webhook_configs"][0]["url"] == "http://hook.example"

    @pytest.mark.parametrize(
        ("variables", "said"),
        [
            ({"ALERT_EMAIL_TO": "a@b.example"}, "ALERT_SMTP_HOST"),
            ({"ALERT_WEBHOOK_URL_FILE": "/nowhere"}, "/nowhere"),
            ({"ALERT_WEBHOOK_URL": "http://a\n- b"}, "several lines"),
        ],
    )
    def test_what_cannot_work_is_said(self, variables, said):
        result = self.rendered(**variables)
        assert result.returncode == 2
        assert said in result.stderr
