"""While nothing is broken: no failed request, and the metrics count as the clients do."""

import time

from tests.stack.load import CLIENTS, RATE, Load

SECONDS = 20
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
    prometheus.wait_for_scrape("opinionlens-inference", time.time())
    began = time.time()
    with Load(stack.app) as load:
        time.sleep(SECONDS)
    ended = time.time()
    assert load.failed == []
    assert set(load.versions) == {1}
    assert 0.8 * RATE * SECONDS <= len(load.noted) <= RATE * SECONDS + CLIENTS
    for job in ("opinionlens-fastapi", "opinionlens-inference", "traefik"):
        prometheus.wait_for_scrape(job, ended)
    counted = {name: prometheus.counted(selector, began) for name, selector in COUNTS.items()}
    for name, count in counted.items():
        tables.add("counts", name, len(load.noted), f"{count:.0f}")
    assert counted == dict.fromkeys(COUNTS, float(len(load.noted)))
