"""Questions to the stack's Prometheus."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.stack.asking import Door
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class Prometheus:
    """The API of a Prometheus server."""

    door: Door

    def api(self, path: str, **parameters: object) -> Any:
        """Return the data of an answer; raise what it says when it is an error."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        answer = self.door.ask("GET", f"/api/v1/{path}{query}")
        if answer.status != 200:
            raise RuntimeError(f"Prometheus: {answer.status} {answer.body}")
        return answer.body["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an expression now."""
        data = self.api("query", query=expression)
        return data["result"] if data["resultType"] in ("vector", "matrix") else [data["result"]]

    def value(self, expression: str) -> float | None:
        """Return the one value of an expression now, or None."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def counted(self, selector: str, since: float) -> float:
        """Return by how much counters have grown, over restarts: exactly, where `increase` extrapolates."""
        seconds = int(time.time() - since) + 60
        total = 0.0
        for series in self.query(f"{selector}[{seconds}s]"):
            points = [(when, float(value)) for when, value in series["values"]]
            before = [value for when, value in points if when < since]
            last = before[-1] if before else 0.0
            for _, value in points[len(before) :]:
                total += value - last if value >= last else value
                last = value
        return total

    def wait_for_scrape(self, job: str, after: float, *, seconds: float = 30) -> None:
        """Wait until a job has been scraped again, so that all before `after` is in."""
        wait_until(
            lambda: (self.value(f'min(timestamp(up{{job="{job}"}}))') or 0) > after + 0.5,
            seconds,
            f"{job} is scraped again",
        )
