"""The whole story of drift on the running stack, with real tweets and times.

    uv run python -m benchmarks.new_topic --raw-dir DATA/raw

On a Docker engine of its own: a model that has never seen a tweet to an airline is trained in the training's
container and followed by the app; then 15 % of the traffic are such tweets. The check of the worker tells
of drift, the alert reaches its receiver, texts are labelled on `/admin/review`, `opinionlens retrain` learns
from these labels and a file of more, and proposes; the same command promotes, the app follows, and the alert
ends. It needs what `make test-stack` needs; Prometheus and Alertmanager ask more often than by default.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import yaml
from benchmarks.new_topic.reviewing import review
from benchmarks.new_topic.texts import TOPIC_SHARE, WINDOW, Labelled, Texts, read_texts
from tests.stack.engine import engine_in_use
from tests.stack.running import Stack
from tests.stack.tables import Tables
from tests.stack.whole import stand_in_images, whole_stack
from tests.support.waiting import wait_until

SCORE = 'max(sentiment_drift_score{job="opinionlens-inference"})'
ALERT = "SentimentDrift"
NO_DRIFT, DRIFT = 0, 3
REVIEWED = 100
TRIALS = 5
# Test rows enough to show that a version is not worse by .01, which the gate asks for.
SPLITS = [0.5, 0.1, 0.4]
_TRAINING_SECONDS, _FOLLOW_SECONDS = 1_200, 120


class Story:
    """The stack, and the times of what happened."""

    def __init__(self, stack: Stack, texts: Texts) -> None:
        """Begin the clock."""
        self.stack = stack
        self.texts = texts
        self.app = stack.app.with_key(stack.project.admin_key)
        self.labels: dict[str, str] = {}
        self._began = time.time()

    def tell(self, what: str) -> None:
        """Print a row of the table."""
        print(f"| {time.time() - self._began:.0f} s | {what} |", flush=True)

    def prepare(self) -> None:
        """Have the app keep texts and follow the champion; lay out data and parameters."""
        for name in ("PRIVACY__KEEP_TEXTS", "API__FOLLOW_CHAMPION"):
            self.stack.change_setting(name, "true")
        self.stack.compose.run("up", "--detach", "--no-build", "--no-deps", "opinionlens")
        self.stack.compose.wait_until_healthy("opinionlens", seconds=60)
        folder = self.stack.project.folder
        (folder / "data" / "raw" / "pipeline.csv").write_bytes(self.texts.pipeline.read_bytes())
        params = yaml.safe_load((folder / "params.yaml").read_text())
        labels = {name: name for name in ("NEGATIVE", "NEUTRAL", "POSITIVE")}
        columns = {"text_column": "text", "label_column": "label", "label_map": labels}
        params["data"] |= {"sources": [], "files": [{"name": "tweets", "path": "pipeline.csv", **columns}]}
        params["training"]["n_trials"] = TRIALS
        params["preprocessing"]["data_splits"] = SPLITS
        (folder / "params.yaml").write_text(yaml.safe_dump(params))

    def in_training(self, *command: str) -> str:
        """Run a command in the training's container; without one, the pipeline and the promotion."""
        arguments = ("--profile", "training", "run", "--rm", "--no-TTY", "training", *command)
        return self.stack.compose.run(*arguments, seconds=_TRAINING_SECONDS)

    def serve(self, window: Sequence[Labelled]) -> None:
        """Have texts predicted; note what the labels of the predictions should be."""
        path = "/api/v1/inference/batch_predict?detail=true"
        answer = self.app.ask("POST", path, [one.text for one in window])
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.body}")
        for one, predicted in zip(window, answer.body["results"], strict=True):
            self.labels[predicted["prediction_id"]] = one.label
        time.sleep(3)  # the log's rows are written each second

    def live(self) -> int | None:
        """Return the version in service; None for the word list."""
        answer = self.app.ask("POST", "/api/v1/inference/predict", {"text": "What a fine day"})
        return answer.body["model"]["version"] if answer.status == 200 else None

    def check(self, expected: int) -> None:
        """Check the newest window in the worker's container."""
        status, output = self.stack.compose.status(
            "worker", "opinionlens", "drift", "check", "--last", str(WINDOW)
        )
        self.tell(f"`opinionlens drift check --last {WINDOW}`: status {status}")
        if status != expected:
            raise RuntimeError(f"status {expected} was expected:\n{output}")

    def score(self, *, above: bool) -> None:
        """Wait until the gauge stands on one side of 1."""

        def on_that_side() -> list[float]:
            value = self.stack.prometheus.value(SCORE)
            return [] if value is None or (value > 1) is not above else [value]

        [value] = wait_until(on_that_side, 60, "the gauge follows")
        self.tell(f"`sentiment_drift_score` is {value:.2f}")

    def follow(self, version: int) -> None:
        """Wait until the app's workers serve a version."""
        told = f"version {version} is live"
        wait_until(lambda: {self.live() for _ in range(8)} == {version}, _FOLLOW_SECONDS, told)
        self.tell(told)


def play(story: Story) -> None:
    """Play it from the first model to the end of the alert."""
    story.prepare()
    story.in_training()
    story.tell("trained and promoted in the training's container")
    story.follow(1)
    story.serve(story.texts.window(0))
    story.tell(f"{WINDOW} usual tweets served")
    story.check(NO_DRIFT)
    story.score(above=False)
    began = time.time()
    story.serve(story.texts.window(TOPIC_SHARE))
    story.tell(f"{WINDOW} tweets served, {TOPIC_SHARE:.0%} to airlines")
    story.check(DRIFT)
    story.score(above=True)
    story.stack.notifications.fired(ALERT, began)
    story.tell(f"{ALERT} has reached the receiver")
    learn(story)
    mended = time.time()
    story.serve(story.texts.window(TOPIC_SHARE))
    story.tell(f"{WINDOW} tweets served, {TOPIC_SHARE:.0%} to airlines")
    story.check(NO_DRIFT)
    story.score(above=False)
    story.stack.notifications.resolved(ALERT, began, mended)
    story.tell(f"{ALERT} is taken back")


def learn(story: Story) -> None:
    """Label, retrain, propose and promote."""
    given = review(story.stack.project, story.labels, REVIEWED)
    story.tell(f"{given} texts labelled on `/admin/review`")
    rows = len(pl.read_csv(story.texts.pipeline))
    share = TOPIC_SHARE / (1 - TOPIC_SHARE)
    labelled = story.stack.project.folder / "data" / "raw" / "airlines.csv"
    story.texts.write_labels(labelled, round(rows * share))
    order = ("opinionlens", "retrain", "--data", "data/raw/airlines.csv")
    for way in (("--propose",), ()):
        print(story.in_training(*order, *way), flush=True)
        story.tell(f"`{' '.join((*order, *way))}`")
    story.follow(2)


def main() -> None:
    """Play it on an engine of its own and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--raw-dir", type=Path, required=True, help="where the airline tweets lie")
    chosen = parser.parse_args()
    tables = Tables()
    with tempfile.TemporaryDirectory() as folder, engine_in_use() as docker:
        texts = read_texts(chosen.raw_dir, Path(folder))
        images = stand_in_images(docker, tables)
        with whole_stack(docker, images, tables, Path(folder) / "project") as stack:
            play(Story(stack, texts))


if __name__ == "__main__":
    main()
