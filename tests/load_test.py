"""A load test: people at the home page and programs that predict. Run by locust, not by pytest.

    make load URL=http://localhost:8000 USERS=20 TIME=60s
    locust --locustfile tests/load_test.py --headless --host http://localhost:8000

Its status is 1 when a request failed or was answered wrongly. Without options it is 10 users for a minute.
"""

from __future__ import annotations

import random
from argparse import ArgumentParser
from typing import Any

from locust import HttpUser, between, constant_pacing, events, task

LABELS = {"POSITIVE", "NEUTRAL", "NEGATIVE"}
BATCH_TEXTS = 20
# Longer than any answer should take, so that an app that hangs counts as a failure.
SECONDS = 30
TEXTS = (
    "I love it, best purchase of the year!",
    "Three hours late, no explanation, and nobody answers the phone.",
    "The parcel arrived on Tuesday.",
    "Not bad at all, but I had hoped for more.",
    "@airline thanks for nothing, my bag is still in Denver :(",
    "Great crew, awful seats.",
    "Does anyone know when the shop in Leeds opens again?",
    "The film starts slowly. Then it grips you, and the last half hour is as good as anything I have seen "
    "this year; only the music is too loud, as if the director did not trust the pictures.",
)


@events.init_command_line_parser.add_listener
def add_options(parser: ArgumentParser, **_: Any) -> None:
    """Add our options, and bounds for whoever gives none: locust itself has no end."""
    parser.set_defaults(num_users=10, spawn_rate=5, run_time="60s")
    parser.add_argument(
        "--key",
        env_var="LOAD_KEY",
        default="",
        is_secret=True,
        help="API key, where predictions need one.",
    )
    parser.add_argument(
        "--host-header",
        env_var="LOAD_HOST_HEADER",
        default="",
        help="Name to ask for where it does not resolve: with --host http://127.0.0.1 for example "
        "opinionlens.localhost.",
    )


class OpinionLensUser(HttpUser):
    """Requests and checks that all users share."""

    abstract = True

    def on_start(self) -> None:
        """Take the key and the name of the host from the options."""
        options = self.environment.parsed_options
        if options.key:
            self.client.headers["Authorization"] = f"Bearer {options.key}"
        if options.host_header:
            self.client.headers["Host"] = options.host_header

    def get(self, path: str, wanted: str) -> None:
        """Ask for a page that must hold `wanted`."""
        with self.client.get(path, catch_response=True, timeout=SECONDS) as answer:
            if answer.status_code == 200 and wanted not in answer.text:
                answer.failure(f"{path} does not say {wanted!r}")
            elif answer.status_code != 200:
                answer.failure(_words_of(answer))

    def predict(self, route: str, texts: list[str] | dict[str, str]) -> None:
        """Post to an inference route, and check the labels."""
        path = f"/api/v1/inference/{route}"
        with self.client.post(path, json=texts, catch_response=True, timeout=SECONDS) as answer:
            if answer.status_code != 200:
                answer.failure(_words_of(answer))
                return
            content = answer.json()
            labels = content if isinstance(content, list) else [content["prediction"]]
            if len(labels) != (len(texts) if isinstance(texts, list) else 1) or not set(labels) <= LABELS:
                answer.failure(f"{path} answered {str(content)[:200]}")


class Program(OpinionLensUser):
    """A program: mostly single texts, now and then a batch."""

    weight = 4
    wait_time = between(0.1, 0.5)

    @task(10)
    def one_text(self) -> None:
        """Predict one text."""
        self.predict("predict", {"text": random.choice(TEXTS)})

    @task(1)
    def batch(self) -> None:
        """Predict many texts at once."""
        self.predict("batch_predict", random.choices(TEXTS, k=BATCH_TEXTS))


class Visitor(OpinionLensUser):
    """Somebody at the home page."""

    weight = 1
    wait_time = between(1, 3)

    @task(2)
    def look(self) -> None:
        """Open the home page."""
        self.get("/", "<textarea")

    @task(3)
    def evaluate(self) -> None:
        """Send a text as the page does."""
        self.predict("explain", {"text": random.choice(TEXTS)})

    @task(1)
    def about(self) -> None:
        """Ask which model answers."""
        self.get("/api/v1/about", '"model"')


class Balancer(OpinionLensUser):
    """The load balancer's look at the app, once a second."""

    fixed_count = 1
    wait_time = constant_pacing(1)

    @task
    def ready(self) -> None:
        """Ask for its health: `/ready` is 503 by design while only the word list answers."""
        self.get("/health", "ok")


def _words_of(answer: Any) -> str:
    if answer.status_code == 0:
        return f"no answer: {answer.error}"
    hint = "; lift the rate limit for a load test: RATE_LIMIT_AVERAGE=0" if answer.status_code == 429 else ""
    return f"status {answer.status_code}{hint}"
