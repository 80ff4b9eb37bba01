"""Notifications that the stack's Alertmanager has sent to the receiver of the tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.stack.asking import Door
from tests.support.waiting import wait_until

DOCS = "https://docs.example.org/opinionlens"


@dataclass(frozen=True)
class Notifications:
    """The receiver's list."""

    door: Door

    def of(self, alert: str, status: str, since: float) -> list[dict[str, Any]]:
        """Return the notifications of an alert that began after `since`."""
        return [
            one
            for one in self.door.ask("GET", "/").body
            if one["labels"]["alertname"] == alert
            and one["status"] == status
            and datetime.fromisoformat(one["startsAt"]).timestamp() >= since
        ]

    def fired(self, alert: str, since: float, seconds: float = 60) -> float:
        """Wait for an alert, look at its link, and return after how many seconds it was told."""
        found = wait_until(lambda: self.of(alert, "firing", since), seconds, f"{alert} fires")
        assert found[0]["annotations"]["runbook_url"] == f"{DOCS}/docs/runbook.md#{alert.lower()}"
        assert found[0]["annotations"]["summary"]
        assert found[0]["labels"]["severity"] in {"page", "warn"}
        return float(found[0]["received"]) - since

    def resolved(self, alert: str, since: float, mended: float, seconds: float = 90) -> float:
        """Wait until an alert is taken back and return how many seconds after the repair that was."""
        found = wait_until(lambda: self.of(alert, "resolved", since), seconds, f"{alert} is resolved")
        # Docker calls a service healthy up to ten seconds after it has begun to answer.
        return max(0.0, float(found[0]["received"]) - mended)
