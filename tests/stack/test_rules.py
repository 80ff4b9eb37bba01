"""Prometheus' and Alertmanager's own tools accept the files; every rule fires and does not as it should."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.stack import programs

PROMETHEUS = Path(__file__).parents[2] / "prometheus"
EVERY_RECEIVER = {
    "ALERT_WEBHOOK_URL": "http://receiver.example:8080/it's",
    "ALERT_SLACK_URL": "https://slack.example/services/T0/B0/x",
    "ALERT_SLACK_CHANNEL": "#duty",
    "ALERT_EMAIL_TO": "duty@example.org",
    "ALERT_EMAIL_FROM": "alerts@example.org",
    "ALERT_SMTP_HOST": "mail.example.org:587",
    "ALERT_SMTP_USERNAME": "alerts",
    "ALERT_SMTP_PASSWORD": "not: a 'real' #one",
}


PACKAGES = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}


def run(program: str, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program: Prometheus' and Alertmanager's own tools from their unpacked packages."""
    package = PACKAGES.get(program)
    command = programs.debian_package(package) / "usr/bin" / program if package else program
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        [str(part) for part in (command, *arguments)],
        capture_output=True,
        text=True,
        timeout=270,
        env=environment,
    )


def checked(rendered: str, folder: Path) -> str:
    """Return what amtool says of a configuration."""
    path = folder / "alertmanager.yml"
    path.write_text(rendered.replace("/etc/alertmanager/", f"{PROMETHEUS}/"), encoding="utf-8")
    result = run("amtool", "check-config", path)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_configuration_is_valid():
    result = run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["app", "stack"])
def test_every_rule_fires_and_does_not_as_it_should(name):
    result = run("promtool", "test", "rules", PROMETHEUS / "tests" / f"{name}.yaml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_rule_that_changed_is_noticed(tmp_path):
    shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    rules = tmp_path / "prometheus" / "rules" / "app.yaml"
    rules.write_text(rules.read_text().replace("ratio_rate5m > 0.05", "ratio_rate5m > 0.2"))
    assert run("promtool", "test", "rules", tmp_path / "prometheus/tests/app.yaml").returncode != 0


@pytest.mark.parametrize("variables", [{}, EVERY_RECEIVER], ids=["none", "all"])
def test_receivers_come_from_variables(variables, tmp_path):
    result = run("sh", PROMETHEUS / "alertmanager.sh", "--render", **variables)
    assert result.returncode == 0, result.stderr
    assert "1 templates" in checked(result.stdout, tmp_path)


ROUTES = [
    ({"alertname": "AppDown", "severity": "page"}, 0),
    ({"alertname": "LatencyHigh", "severity": "warn"}, 0),
]


@pytest.mark.parametrize(("labels", "status"), ROUTES)
def test_every_severity_reaches_the_receiver(labels, status, tmp_path):
    (tmp_path / "a.yml").write_text(
        (PROMETHEUS / "alertmanager.yml").read_text().replace("/etc/alertmanager/", f"{PROMETHEUS}/")
    )
    pairs = [f"{name}={value}" for name, value in labels.items()]
    result = run("amtool", "config", "routes", "test", f"--config.file={tmp_path / 'a.yml'}", *pairs)
    assert (result.returncode, result.stdout.strip()) == (status, "duty")
