"""The gauges of drift: from the newest report on served texts, in every worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.support.web_app import wait_until_recording

from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.storage import Database, drift_reports
from opinionlens.storage.drift_reports import DriftReport
from opinionlens.web.factory import create_app
from opinionlens.web.metrics import Metrics
from opinionlens.web.metrics.drift_gauges import drift_metrics, shown_drift
from opinionlens.web.services.newest_drift import NewestDrift

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
MEASURES = [
    {"name": "label_shift", "value": 0.3, "threshold": 0.2, "has_drifted": True},
    {"name": "embedding_mmd", "value": None, "threshold": None, "has_drifted": False},
]


def add(database: Database, **changed: Any) -> DriftReport:
    body = {"source": "prediction_log", "score": 1.5, "measures": MEASURES} | changed.pop("body", {})
    given = {"model_name": "brands", "model_version": 7, "window": (NOON, NOON), "has_drifted": True}
    return drift_reports.add(database, **(given | changed), body=body)


def drift_lines(text: str) -> set[str]:
    return {line for line in text.splitlines() if line.startswith("sentiment_drift")}


def sampled(report: DriftReport, now: datetime) -> dict[str, float]:
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for metric in drift_metrics(shown_drift(report), now)
        for sample in metric.samples
    }


class TestFigures:
    def report(self, body: dict[str, Any], version: int | None = 7) -> DriftReport:
        return DriftReport(1, NOON, "brands", version, NOON, NOON, True, body)

    def test_only_what_was_measured_is_shown(self) -> None:
        found = sampled(
            self.report({"score": 1.5, "measures": MEASURES, "texts": 400}), NOON + timedelta(hours=2)
        )
        assert found == {
            "sentiment_drift_score": 1.5,
            "sentiment_drift label_shift brands 7": 0.3,
            "sentiment_drift_threshold label_shift brands 7": 0.2,
            "sentiment_drift_report_age_seconds": 7_200,
            "sentiment_drift_report_texts": 400,
        }

    def test_expected_quality_stands_beside_that_of_training(self) -> None:
        limits = {"value": 0.71, "low": 0.7, "high": 0.72}
        quality = {
            "texts": 5_000,
            "estimated": {"accuracy": limits, "macro_f1": limits | {"value": 0.66}, "recall": limits},
            "validation": {"accuracy": 0.77, "macro_f1": 0.745},
            "feedback": None,
        }
        found = sampled(self.report({"quality": quality}), NOON)
        assert found == {
            "sentiment_drift_report_age_seconds": 0,
            "sentiment_estimated_quality accuracy brands 7": 0.71,
            "sentiment_estimated_quality macro_f1 brands 7": 0.66,
            "sentiment_validation_quality accuracy brands 7": 0.77,
            "sentiment_validation_quality macro_f1 brands 7": 0.745,
        }

    @pytest.mark.parametrize(
        "quality", [None, 3, {}, {"estimated": {"accuracy": 0.7}}, {"validation": {"accuracy": 0.7}}]
    )
    def test_a_report_without_quality_shows_none(self, quality: object) -> None:
        found = sampled(self.report({"quality": quality}), NOON)
        assert found == {"sentiment_drift_report_age_seconds": 0}

    def test_a_report_that_judged_nothing_has_its_age_only(self) -> None:
        for body in ({"score": None, "measures": []}, {}, {"score": "much", "measures": {"a": 1}}):
            assert sampled(self.report(body), NOON) == {"sentiment_drift_report_age_seconds": 0}

    def test_a_clock_that_went_back_gives_no_negative_age(self) -> None:
        found = sampled(self.report({}), NOON - timedelta(hours=1))
        assert found["sentiment_drift_report_age_seconds"] == 0

    def test_a_model_without_a_number(self) -> None:
        found = sampled(self.report({"measures": MEASURES}, version=None), NOON)
        assert found["sentiment_drift label_shift brands none"] == 0.3

    def test_before_the_first_report_nothing_is_shown(self) -> None:
        assert [metric.samples for metric in drift_metrics(None, NOON)] == [[], [], [], [], [], [], []]


@pytest.fixture
def own_settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings()


@pytest.fixture
def database(own_settings: Settings) -> Iterator[Database]:
    with closing(Database(own_settings.database.url.get_secret_value())) as database:
        yield database


def test_every_process_shows_the_same_report_also_after_a_restart(
    own_settings: Settings, database: Database
) -> None:
    with TestClient(create_app(own_settings, registry=MemoryRegistry())) as first:
        wait_until_recording(first)
        assert drift_lines(first.get("/metrics").text) == set()
        add(database, body={"score": 9.9}, model_version=6)
        add(database)
        add(database, body={"source": "file", "score": 0.1})  # somebody's file, not traffic
        with TestClient(create_app(own_settings, registry=MemoryRegistry())) as second:
            wait_until_recording(second)
            shown = drift_lines(second.get("/api/v1/metrics").text)
    with TestClient(create_app(own_settings, registry=MemoryRegistry())) as third:
        wait_until_recording(third)
        again = drift_lines(third.get("/metrics").text)
    expected = {
        "sentiment_drift_score 1.5",
        'sentiment_drift{measure="label_shift",model="brands",version="7"} 0.3',
        'sentiment_drift_threshold{measure="label_shift",model="brands",version="7"} 0.2',
    }
    assert expected < shown
    assert expected < again
    assert len(shown) == len(again) == 4  # and the age


def test_a_note_that_looks_like_the_source_is_none(own_settings: Settings, database: Database) -> None:
    with TestClient(create_app(own_settings, registry=MemoryRegistry())) as client:
        wait_until_recording(client)
        add(
            database,
            body={"source": "file", "notes": ['"source": "prediction_log"', "source: prediction_log"]},
        )
        assert drift_reports.newest_served(database) is None
        made = add(database)
        assert drift_reports.newest_served(database) == made


def test_without_the_database_the_last_report_is_shown_on(
    own_settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TestClient(create_app(own_settings, registry=MemoryRegistry())) as client:
        wait_until_recording(client)
        records = client.app_state["services"].records
        metrics = Metrics()
        newest = NewestDrift(records, metrics, seconds=0)
        add(database)
        asyncio.run(newest.refresh())
        before = drift_lines(metrics.exposition().decode())
        assert "sentiment_drift_score 1.5" in before

        async def hangs(*_: object) -> None:
            await asyncio.sleep(60)

        monkeypatch.setattr(type(records), "read", hangs)
        asyncio.run(newest.refresh())  # gives up after a second
        assert "sentiment_drift_score 1.5" in drift_lines(metrics.exposition().decode())


def test_it_is_not_read_at_every_scrape(own_settings: Settings, database: Database) -> None:
    with TestClient(create_app(own_settings, registry=MemoryRegistry())) as client:
        wait_until_recording(client)
        assert drift_lines(client.get("/metrics").text) == set()
        add(database)
        assert drift_lines(client.get("/metrics").text) == set()
