"""Prometheus and Alertmanager with shorter times, so that an alert comes and goes within a test.

Expressions, thresholds, labels and links stay. Rates over minutes become rates over seconds, or an alert on
errors would stay until its five minutes are over. What waits longer than another alert still does: where one
holds the other back, the cause has to be told before its effect.
"""

from __future__ import annotations

import re
from pathlib import Path

SCRAPE_SECONDS = 4
# For each minute of `for`, and at most.
_FOR_SECONDS, _FOR_MOST = 4, 16
_MINUTES = {"m": 1, "h": 60}
_RANGES = {"5m": "20s", "15m": "30s"}


def shorten(folder: Path) -> None:
    """Change the copy of `prometheus/` that the stack of the tests mounts."""
    for path in (folder / "rules").glob("*.yaml"):
        text = re.sub(r"\bfor: (\d+)([mh])$", _shorter, path.read_text(), flags=re.MULTILINE)
        text = re.sub(r"\[(\w+)\]", lambda found: f"[{_RANGES.get(found[1], found[1])}]", text)
        path.write_text(text)
    path = folder / "prometheus.yml"
    text = re.sub(r"scrape_interval: \S+", f"scrape_interval: {SCRAPE_SECONDS}s", path.read_text())
    text = re.sub(r"scrape_timeout: \S+", f"scrape_timeout: {SCRAPE_SECONDS - 1}s", text)
    path.write_text(re.sub(r"evaluation_interval: \S+", "evaluation_interval: 2s", text))
    path = folder / "alertmanager.yml"
    path.write_text(re.sub(r"group_(wait|interval): \S+", r"group_\1: 1s", path.read_text()))


def _shorter(found: re.Match[str]) -> str:
    return f"for: {min(_FOR_SECONDS * int(found[1]) * _MINUTES[found[2]], _FOR_MOST)}s"
