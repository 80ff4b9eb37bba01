"""What following the champion of a registry costs: memory, and the time of a look.

    uv run python -m benchmarks.registry_reading [--model FOLDER] [--polls 50]

A real `mlflow server` and a SQLite registry hold one version, the champion. `opinionlens serve` follows each
of them; the server also with `MLFLOW_ALLOW_HTTP_REDIRECTS=true`, which changes nothing but that all reading
is left to MLflow's process. Memory (PSS, which counts a page shared by n processes 1/n) of the app and its
children is taken when the champion answers, and again when MLflow's process has ended or after `--settle`
seconds. Without `--model` one of 500,000 made-up words is served.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, chdir
from pathlib import Path
from statistics import median

import numpy as np
from benchmarks.serving.figures import markdown_table
from benchmarks.serving.processes import ServerProcess, free_port, serving

from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.linear_classifier import LinearModel
from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.uncertainty import Uncertainty
from opinionlens.features.calibration import Calibration
from opinionlens.features.spec import FeatureSpec
from opinionlens.registry import ProcessRegistry, Registry, SparingRegistry
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

NAME = "opinionlens"
LEFT_TO_MLFLOW = {"MLFLOW_ALLOW_HTTP_REDIRECTS": "true"}


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, help="an artifact")
    parser.add_argument("--polls", type=int, default=50)
    parser.add_argument("--settle", type=int, default=200)
    options = parser.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = (options.model or _made_up_model(work / "model")).resolve()
        local = f"sqlite:///{work / 'mlruns.db'}"
        with chdir(work), _mlflow_server(work) as mlflow:
            mlflow.wait_until_ready("/health")
            uri = f"http://127.0.0.1:{mlflow.port}"
            for address in (uri, local):
                with ProcessRegistry(address) as registry:
                    _register(registry, model)
            rows = [
                _memory(work, "a server, read by MLflow's process", uri, LEFT_TO_MLFLOW, options.settle),
                _memory(work, "a server, read over REST", uri, {}, options.settle),
                _memory(work, "a SQLite registry", local, {}, options.settle),
            ]
            looks = [
                _look("MLflow's process asks the server", ProcessRegistry(uri), options.polls),
                _look("over REST", SparingRegistry(uri), options.polls),
                _look("a SQLite registry that is unchanged", SparingRegistry(local), options.polls),
            ]
    head = ["the app follows the champion of", "at first, MiB", "processes", "then, MiB", "processes"]
    print(markdown_table(head, rows), end="\n\n")
    print(markdown_table(["a look", "ms", "processor time of the app, ms", "the first look, s"], looks))
    print(f"\nload average {before:.1f} before, {os.getloadavg()[0]:.1f} after")


def _made_up_model(folder: Path, terms: int = 500_000) -> Path:
    words = [f"word{number:06}" for number in range(terms)]
    block = Block("words", words, tf="count", scale=np.ones(terms), normalise=False)
    weights = LinearWeights(TextWeights((block,)), np.zeros((len(LABELS), terms)), np.zeros(len(LABELS)))
    manifest = Manifest(
        kind="linear",
        labels=LABELS,
        features=FeatureSpec(RECIPES["social-v2"]),
        calibration=Calibration.none(len(LABELS)),
        uncertainty=Uncertainty(min_confidence=0.4, min_known_share=0.3),
        training=Training("made up"),
    )
    write_artifact(
        folder, manifest, LinearModel(weights), [f"word{number:06} is a word" for number in range(8)]
    )
    return folder


def _mlflow_server(work: Path) -> AbstractContextManager[ServerProcess]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{work / 'server.db'}", "--workers", "1"),
        *("--artifacts-destination", str(work / "files")),
    ]
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return serving(command, port, environment=environment, folder=work, log=work / "mlflow.log")


def _register(registry: Registry, model: Path) -> None:
    digest = load_classifier(model).manifest.digest()
    registry.register(NAME, model, digest=digest, run_id=None, tags={}, scores={})
    registry.set_alias(NAME, "champion", 1)


def _memory(work: Path, kind: str, uri: str, environment: dict[str, str], settle: int) -> list[str]:
    """Start the app twice, the second time with the version in its cache, and measure that."""
    port = free_port()
    state = work / kind.replace(" ", "-").replace("'", "")
    state.mkdir()
    settings = {
        "API__FOLLOW_CHAMPION": "true",
        "API__MODEL_NAME": NAME,
        "DATABASE__URL": f"sqlite:///{state / 'app.db'}",
        "MLFLOW__REMOTE_TRACKING_URI": uri,
        **environment,
    }
    command = [str(Path(sys.executable).with_name("opinionlens")), "serve", "--port", str(port)]

    def started() -> AbstractContextManager[ServerProcess]:
        return serving(command, port, environment=settings, folder=state, log=work / "app.log")

    with started() as server:
        server.wait_until_ready("/ready")
    with started() as server:
        server.wait_until_ready("/ready")
        time.sleep(20)  # MLflow's process has started and answered
        first = server.memory()
        deadline = time.monotonic() + settle
        while len(server.pids()) > 1 and time.monotonic() < deadline:
            time.sleep(1)
        time.sleep(10)
        then = server.memory()
    row = [kind]
    for memory in (first, then):
        row += [f"{sum(sizes['pss'] for sizes in memory.values()):.0f}", str(len(memory))]
    print(row, flush=True)
    return row


def _look(kind: str, registry: ProcessRegistry | SparingRegistry, polls: int) -> list[str]:
    with registry:
        first = _timed(lambda: registry.by_alias(NAME, "champion"))[0]
        looks = [_timed(lambda: registry.by_alias(NAME, "champion")) for _ in range(polls)]
    seconds, worked = (median(values) for values in zip(*looks, strict=True))
    return [kind, f"{seconds * 1000:.1f}", f"{worked * 1000:.2f}", f"{first:.2f}"]


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - began, time.process_time() - worked


if __name__ == "__main__":
    main()
