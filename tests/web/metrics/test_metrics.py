"""The metrics: what is shown, under which names, and what is not."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.serving.store import ServedModel
from opinionlens.text.labels import Label
from opinionlens.web.metrics import Metrics
from opinionlens.web.metrics.catalogue import CATALOGUE, MetricDescription
from opinionlens.web.metrics.drift_gauges import ShownDrift

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


def lines_of(metrics: Metrics) -> set[str]:
    return set(metrics.exposition().decode().splitlines())


@pytest.fixture(scope="module")
def model() -> ServedModel:
    return ServedModel(LexiconClassifier(), "brands", 7)


def busy_metrics(model: ServedModel) -> Metrics:
    """Metrics of which every one has a value."""
    metrics = Metrics()
    prediction = model.classifier.predict("I love it")
    metrics.observe_prediction("/predict", model, 0.001, 9, prediction)
    metrics.observe_batch("/batch_predict", model, 0.002, ["a", "bb"], [prediction, prediction])
    metrics.observe_request("/predict", "POST", 200, 0.003, request_bytes=5, response_bytes=7)
    metrics.count_swap("activated")
    metrics.count_cache(True)
    metrics.set_active_model(model)
    metrics.set_batch_queue_depth(2)
    metrics.set_batch_queue_limit(18)
    metrics.set_model_behind(1.5)
    metrics.set_build("1.2.3", "abc")
    metrics.count_written_predictions(3)
    metrics.count_lost_predictions(1)
    metrics.count_feedback(Label.NEUTRAL)
    metrics.count_login("refused")
    metrics.set_registry_up(True)
    metrics.set_database_up(False)
    metrics.show_drift(
        ShownDrift(
            datetime.now(UTC),
            "brands",
            "7",
            1.5,
            {"label_shift": 0.3},
            {"label_shift": 0.2},
            texts=400,
            estimated={"accuracy": 0.71},
            validation={"accuracy": 0.77},
        )
    )
    return metrics


class TestCatalogue:
    def test_what_is_shown_is_the_catalogue(self, model: ServedModel) -> None:
        text = busy_metrics(model).exposition().decode()
        shown = {family.name: family for family in text_string_to_metric_families(text)}
        assert list(shown) == [card.family for card in CATALOGUE]
        for card in CATALOGUE:
            family = shown[card.family]
            assert (family.type, family.documentation) == (card.kind, card.meaning)
            assert family.samples, card.name
            for sample in family.samples:
                assert set(sample.labels) - {"le"} == set(card.labels), sample

    def test_names_are_there_from_the_first_scrape_on(self) -> None:
        text = Metrics().exposition().decode()
        assert re.findall("^# TYPE ([a-z_]+) ", text, re.MULTILINE) == [card.name for card in CATALOGUE]

    def test_names_end_in_their_unit(self) -> None:
        units = (
            "_seconds",
            "_chars",
            "_bytes",
            "_text",
            "_total",
            "_info",
            "_up",
            "_score",
            "_depth",
            "_drift",
            "_quality",
            "_threshold",
            "_limit",
            "_texts",
        )
        assert [card.name for card in CATALOGUE if not card.name.endswith(units)] == []

    def test_the_table_in_the_docs_is_the_catalogue(self) -> None:
        rows = [line.split(" | ") for line in DOCS.read_text().splitlines() if line.startswith("| `")]
        # The worker's figures have a test of their own.
        table = [row for row in rows if len(row) == 4 and not row[0].startswith("| `worker_")]
        assert [[cell.strip(" |") for cell in row] for row in table] == [row_of(card) for card in CATALOGUE]


def row_of(card: MetricDescription) -> list[str]:
    return [f"`{card.name}`", card.kind, ", ".join(f"`{label}`" for label in card.labels), card.meaning]


class TestModels:
    def test_answers_are_counted_by_version_and_summed_by_label(self, model: ServedModel) -> None:
        metrics = Metrics()
        other = ServedModel(model.classifier, "brands", 8)
        for served, text in ((model, "I love it"), (other, "I love it"), (other, "I hate it")):
            metrics.observe_prediction("/predict", served, 0.001, 9, served.classifier.predict(text))
        lines = lines_of(metrics)
        assert 'model_predictions_total{label="POSITIVE",model="brands",version="7"} 1.0' in lines
        assert 'model_predictions_total{label="POSITIVE",model="brands",version="8"} 1.0' in lines
        assert 'predicted_sentiment_total{label="POSITIVE"} 2.0' in lines
        assert 'sentiment_predictions_total{label="negative"} 1.0' in lines
        assert 'sentiment_predictions_total{label="neutral"} 0.0' in lines
        assert "sentiment_requests_total 3.0" in lines
        assert "sentiment_request_latency_seconds_count 3.0" in lines
        assert 'sentiment_request_latency_seconds_bucket{le="0.001"} 3.0' in lines

    def test_a_batch_is_one_request_of_many_texts(self, model: ServedModel) -> None:
        lines = lines_of(busy_metrics(model))
        assert "sentiment_requests_total 2.0" in lines
        assert 'predicted_sentiment_total{label="POSITIVE"} 3.0' in lines
        assert 'batch_size_text_sum{endpoint="/batch_predict"} 2.0' in lines

    def test_only_the_version_that_answers_now_is_active(self, model: ServedModel) -> None:
        metrics = Metrics()
        metrics.set_active_model(model)
        metrics.set_active_model(ServedModel(model.classifier, "brands", 8))
        active = [line for line in lines_of(metrics) if line.startswith("model_active_info{")]
        assert active == ['model_active_info{kind="lexicon",model="brands",version="8"} 1.0']
        metrics.set_active_model(None)
        assert not [line for line in lines_of(metrics) if line.startswith("model_active_info{")]

    def test_a_version_that_comes_back_is_active_again(self, model: ServedModel) -> None:
        metrics = Metrics()
        for number in (7, 8, 7):
            metrics.set_active_model(ServedModel(model.classifier, "brands", number))
        assert 'model_active_info{kind="lexicon",model="brands",version="7"} 1.0' in lines_of(metrics)


@pytest.mark.parametrize(
    "name", ["sentiment_drift_score", "registry_up", "database_up", "model_behind_seconds"]
)
def test_what_nobody_has_measured_is_absent(name: str, model: ServedModel) -> None:
    assert not [line for line in lines_of(Metrics()) if line.startswith(f"{name} ")]
    assert [line for line in lines_of(busy_metrics(model)) if line.startswith(f"{name} ")]


class TestRequests:
    def test_routes_are_summed_up(self) -> None:
        metrics = Metrics()
        metrics.observe_request("/a", "GET", 200, 0.2, response_bytes=10)
        metrics.observe_request("/a", "GET", 404, 0.2, response_bytes=20)
        metrics.observe_request("/b/{id}", "POST", 503, 2, request_bytes=5)
        lines = lines_of(metrics)
        assert 'http_requests_total{handler="/a",method="GET",status="2xx"} 1.0' in lines
        assert 'http_requests_total{handler="/a",method="GET",status="4xx"} 1.0' in lines
        assert 'http_requests_total{handler="/b/{id}",method="POST",status="5xx"} 1.0' in lines
        assert 'http_request_duration_seconds_count{handler="/a",method="GET"} 2.0' in lines
        assert "http_request_duration_highr_seconds_count 3.0" in lines
        assert 'http_request_duration_highr_seconds_bucket{le="0.25"} 2.0' in lines
        assert 'http_response_size_bytes_sum{handler="/a"} 30.0' in lines
        assert 'http_request_size_bytes_sum{handler="/b/{id}"} 5.0' in lines

    def test_what_a_client_makes_up_has_no_label_of_its_own(self, client: TestClient) -> None:
        for number in range(3):
            client.request(f"MADEUP{number}", "/health")
            client.get(f"/made/up/{number}")
        text = client.get("/metrics").text
        assert "MADEUP" not in text
        assert "/made" not in text
        assert 'method="other"' in text
        assert 'http_requests_total{handler="none",method="GET",status="4xx"} 3.0' in text.splitlines()

    def test_templates_stand_for_addresses(self, client: TestClient) -> None:
        client.get("/static/css/base.css")
        client.get("/api/v1/inference/predict?text=unheard-of")
        lines = client.get("/api/v1/metrics").text.splitlines()
        for handler in ("/static", "/api/v1/inference/predict"):
            assert f'http_requests_total{{handler="{handler}",method="GET",status="2xx"}} 1.0' in lines
        assert "unheard-of" not in "\n".join(lines)

    def test_addresses_that_lead_to_no_route_are_no_labels(self, client: TestClient) -> None:
        for number in range(2):
            address = f"/api/v1/models/made-up-{number}/"
            assert client.get(address, follow_redirects=False).status_code == 307
            refused = client.get("/health/", headers={"Host": f"stranger-{number}["})
            assert refused.status_code == 400
        text = client.get("/metrics").text
        assert "made-up" not in text
        assert 'handler="/health/"' not in text
        assert 'handler="none",method="GET",status="3xx"' in text

    @pytest.mark.parametrize("path", ["/api/v1/inference/predict", "/ready", "/docs"])
    def test_a_request_is_counted_once(self, path: str, client: TestClient) -> None:
        def counted() -> float:
            start = f'http_request_duration_seconds_count{{handler="{path}",method="GET"}} '
            lines = client.get("/metrics").text.splitlines()
            return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

        before = counted()
        client.get(path)
        assert counted() == before + 1

    def test_sizes_are_those_of_the_bodies(self, client: TestClient) -> None:
        body = b'{"text": "I love it"}'
        answer = client.post("/api/v1/inference/explain", content=body)
        lines = client.get("/metrics").text.splitlines()
        handler = '{handler="/api/v1/inference/explain"}'
        assert f"http_request_size_bytes_sum{handler} {len(body)}.0" in lines
        assert f"http_response_size_bytes_sum{handler} {len(answer.content)}.0" in lines

    def test_every_route_has_the_label_that_the_router_gave_it(self, client: TestClient) -> None:
        """The instrumentator looks for the route a second time, and must find the same."""
        operations = {
            (method.upper(), path)
            for path, methods in client.get("/openapi.json").json()["paths"].items()
            for method in methods
            if not path.endswith("/events")
        }
        assert len(operations) > 15
        for method, path in sorted(operations):
            client.request(method, re.sub(r"{\w+}", "1", path), follow_redirects=False)
        found = re.findall(
            '^http_requests_total{handler="(.+)",method="(.+)",', client.get("/metrics").text, re.MULTILINE
        )
        assert operations - {(method, re.sub(":[a-z]+}", "}", handler)) for handler, method in found} == set()


class TestProcess:
    def test_the_program_says_what_it_is_and_since_when(self, client: TestClient) -> None:
        lines = client.get("/metrics").text.splitlines()
        (build,) = (line for line in lines if line.startswith("opinionlens_build_info{"))
        assert re.fullmatch(r'opinionlens_build_info{commit="unknown",version="\d+\.\d+\S*"} 1.0', build)
        (started,) = (line for line in lines if line.startswith("process_start_time_seconds "))
        assert 0 <= time.time() - float(started.split()[1]) < 3600

    def test_the_queue_has_room_for_threads_and_waiting_jobs(self, client: TestClient) -> None:
        assert "batch_queue_limit 18.0" in client.get("/metrics").text.splitlines()  # 2 and 16


class TestEvents:
    def test_feedback_that_was_stored_is_counted_by_its_label(self, client: TestClient) -> None:
        for label in ("POSITIVE", "POSITIVE", "nonsense"):
            client.post("/api/v1/feedback", json={"text": "I love it", "label": label})
        lines = client.get("/metrics").text.splitlines()
        assert 'feedback_total{label="POSITIVE"} 2.0' in lines
        assert 'feedback_total{label="NEGATIVE"} 0.0' in lines

    def test_who_is_not_let_in_is_counted(self, client: TestClient) -> None:
        client.get("/login")
        token = client.cookies["opinionlens_login"]
        answer = client.post("/login", data={"token": token, "username": "nobody", "password": "wrong"})
        assert answer.status_code == 401
        assert 'login_attempts_total{outcome="refused"} 1.0' in client.get("/metrics").text.splitlines()

    def test_the_word_list_is_active_until_a_version_is(
        self, client: TestClient, promoted_client: TestClient
    ) -> None:
        def active(text: str) -> list[str]:
            return [line for line in text.splitlines() if line.startswith("model_active_info{")]

        assert active(client.get("/metrics").text) == [
            'model_active_info{kind="lexicon",model="word list",version="none"} 1.0'
        ]
        text = promoted_client.get("/metrics").text
        assert active(text) == ['model_active_info{kind="linear",model="opinionlens",version="1"} 1.0']
        lines = text.splitlines()
        assert 'model_swaps_total{outcome="activated"} 1.0' in lines
        assert 'artefact_cache_total{result="miss"} 1.0' in lines
        assert "registry_up 1.0" in lines
        assert "database_up 1.0" in lines

    def test_rows_of_the_prediction_log_are_counted_when_they_are_written(self, client: TestClient) -> None:
        def written() -> float:
            lines = client.get("/metrics").text.splitlines()
            return next(
                float(line.split()[1]) for line in lines if line.startswith("prediction_rows_written")
            )

        predicted = sum(
            sample.value
            for family in text_string_to_metric_families(client.get("/metrics").text)
            for sample in family.samples
            if sample.name == "model_predictions_total"
        )
        client.post("/api/v1/inference/predict", json={"text": "I love it"})
        wait_until(lambda: written() >= predicted + 1)  # those of other tests may still wait
        assert written() == predicted + 1
