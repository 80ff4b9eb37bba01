"""Traffic that turns and turns back: checks in the worker's container, the gauge, the alert."""

import random
import time

from tests.support.drift_traffic import USUAL, posts
from tests.support.waiting import wait_until

WINDOW = 1_000
TURNED = (0.2, 0.3, 0.5)
NO_DRIFT, DRIFT = 0, 3
SCORE = 'max(sentiment_drift_score{job="opinionlens-inference"})'


def serve(app, seed, shares):
    """Have a window of posts predicted and wait until their rows are written."""
    texts = posts(random.Random(seed), WINDOW, shares=shares)
    answer = app.ask("POST", "/api/v1/inference/batch_predict", texts)
    assert answer.status == 200, answer.body
    time.sleep(3)


def check(stack):
    return stack.compose.status("worker", "opinionlens", "drift", "check", "--last", str(WINDOW))


def test_drift_is_told_and_taken_back(stack, app, prometheus, tables):
    # With texts each window is its own; sums are kept by the hour.
    stack.change_setting("PRIVACY__KEEP_TEXTS", "true")
    stack.compose.run("up", "--detach", "--no-build", "--no-deps", "opinionlens")
    stack.compose.wait_until_healthy("opinionlens", seconds=60)

    serve(app, 11, USUAL)
    status, output = check(stack)
    assert status == NO_DRIFT, output
    wait_until(lambda: 0 < (prometheus.value(SCORE) or 0) < 1, 60, "the gauge tells of the report")
    usual = prometheus.value(SCORE)

    began = time.time()
    serve(app, 12, TURNED)
    status, output = check(stack)
    assert status == DRIFT, output
    fired = stack.notifications.fired("SentimentDrift", began)
    turned = prometheus.value(SCORE)
    assert turned > 1

    mended = time.time()
    serve(app, 13, USUAL)
    status, output = check(stack)
    assert status == NO_DRIFT, output
    resolved = stack.notifications.resolved("SentimentDrift", began, mended)
    told = f"drift score {usual:.2f}, then {turned:.2f}, then {prometheus.value(SCORE):.2f}"
    tables.add(
        "faults",
        "labels of 1,000 texts swapped",
        told,
        "SentimentDrift",
        f"{fired:.0f} s",
        f"{resolved:.0f} s",
    )
