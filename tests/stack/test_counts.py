"""While nothing is broken: no failed request, and the metrics count as the clients do."""

import time

from scripts.stack.compose_calls import build_labels
from tests.stack.load import CLIENTS, RATE, Load
from tests.stack.places import ROOT

SECONDS = 20
JOBS = ("opinionlens-fastapi", "opinionlens-inference", "traefik")
COUNTS = {
    "requests by route": 'http_requests_total{job="opinionlens-fastapi",handler="/api/v1/inference/predict"}',
    "durations by route": (
        'http_request_duration_seconds_count{job="opinionlens-fastapi",handler="/api/v1/inference/predict"}'
    ),
    "requests that a model answered": 'sentiment_requests_total{job="opinionlens-inference"}',
    "labels by version": 'model_predictions_total{job="opinionlens-inference",version="1"}',
    "requests through Traefik": 'traefik_service_requests_total{service=~"app-predictions@file"}',
}


def test_metrics_count_as_the_load_generator(stack, prometheus, tables):
    # What was asked before is in the counts before.
    before = time.time()
    for job in JOBS:
        prometheus.wait_for_scrape(job, before)
    began = time.time()
    with Load(stack.app) as load:
        time.sleep(SECONDS)
    ended = time.time()
    assert load.failed == []
    assert set(load.versions) == {1}
    assert 0.8 * RATE * SECONDS <= len(load.noted) <= RATE * SECONDS + CLIENTS
    for job in JOBS:
        prometheus.wait_for_scrape(job, ended)
    counted = {name: prometheus.counted(selector, began) for name, selector in COUNTS.items()}
    for name, count in counted.items():
        tables.add("counts", name, len(load.noted), f"{count:.0f}")
    assert counted == dict.fromkeys(COUNTS, float(len(load.noted)))


def test_gauges_are_of_both_workers(prometheus):
    prometheus.wait_for_scrape("opinionlens-inference", time.time())
    assert prometheus.value('sum(batch_queue_limit{job="opinionlens-inference"})') == 36  # 2 and 16 of each
    assert prometheus.value('max(model_behind_seconds{job="opinionlens-inference"})') == 0
    [build] = prometheus.query('opinionlens_build_info{job="opinionlens-inference"}')
    labels = build_labels(ROOT)
    assert build["metric"]["version"] == labels["OPINIONLENS_VERSION"]
    assert build["metric"]["commit"] == labels["OPINIONLENS_REVISION"]


def test_images_say_what_they_were_built_from(stack, docker):
    labels = build_labels(ROOT)
    for name in ("opinionlens", "mlflow"):
        image = stack.compose.config()["services"][name]["image"]
        for label, setting in (("version", "OPINIONLENS_VERSION"), ("revision", "OPINIONLENS_REVISION")):
            found = docker.label_of(image, f"org.opencontainers.image.{label}")
            assert found == labels[setting], (name, label)
