"""Many values at once are the same as one after the other, also in a newer client library."""

from __future__ import annotations

import random

from prometheus_client import CollectorRegistry, generate_latest

from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.serving.store import ServedModel
from opinionlens.web.metrics import AnsweredText, Metrics
from opinionlens.web.metrics.many_values import Histogram, Summary

# Quarters, whose sums are exact in any order; on the edges of buckets, below and above all.
VALUES = [
    0,
    0.25,
    0.5,
    0.75,
    1,
    1.25,
    2,
    4,
    5_000,
    *(random.Random(1).randrange(100) / 4 for _ in range(500)),
]


def text_of(*, at_once: bool) -> bytes:
    registry = CollectorRegistry()
    histogram = Histogram("h", "H.", ("a",), registry=registry, buckets=(0.5, 1, 2, 10)).labels("x")
    summary = Summary("s", "S.", ("a",), registry=registry).labels("x")
    for metric in (histogram, summary):
        if at_once:
            metric.observe_many(VALUES)
            metric.observe_many([])
        else:
            for value in VALUES:
                metric.observe(value)
    lines = generate_latest(registry).splitlines()
    return b"\n".join(line for line in lines if b"_created" not in line)


def test_many_values_count_as_one_after_the_other() -> None:
    assert text_of(at_once=True) == text_of(at_once=False)


def test_many_answers_count_as_one_after_the_other() -> None:
    classifier = LexiconClassifier()
    one_by_one, together = Metrics(), Metrics()
    answers = []
    for number, (text, version) in enumerate(
        [("great", 1), ("awful", 1), ("so so", 2), ("", None), ("ok", 2)]
    ):
        model, prediction = ServedModel(classifier, "brands", version), classifier.predict(text)
        answers.append(
            AnsweredText(model, prediction.label, number / 4, len(text), number / 2, number * 7, number * 9)
        )
        one_by_one.observe_prediction("/predict", model, number / 4, len(text), prediction)
        one_by_one.observe_request(
            "/api", "POST", 200, number / 2, request_bytes=number * 7, response_bytes=number * 9
        )
    together.observe_answers("/predict", "/api", answers)
    assert lines_of(together) == lines_of(one_by_one)


def lines_of(metrics: Metrics) -> list[str]:
    lines = metrics.exposition().decode().splitlines()
    return [line for line in lines if not line.startswith("process_start")]
