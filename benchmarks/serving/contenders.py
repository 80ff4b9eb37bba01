"""Who takes part: how each server is started, asked and understood."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.serving.administering import ADMIN_KEY
from benchmarks.serving.load import write_bodies
from benchmarks.serving.processes import ServerProcess, free_port, serving
from benchmarks.serving.subjects import Subject
from benchmarks.serving.work_folder import FULL_DATABASE, LOGS, REGISTRY, ROOT, WORK

from opinionlens.text.labels import LABELS

_SERVERS = Path(__file__).parent / "servers"
_REQUIREMENTS = Path(__file__).parent / "requirements"
# As the project's own: a pin in time for what the requirements do not name.
_EXCLUDE_NEWER = "2026-11-20T00:00:00Z"


@dataclass(frozen=True)
class Contender:
    """A server of a model.

    Attributes:
        name: as the table shows it.
        setup: the rest of what a reader needs to start it in the same way.
        key: its environment and its requirements.
        path: where it takes texts.
        ready: the path that answers 200 once it can.
        command: from a port and the model to its command line.
        body: from a text to what is sent.
        probabilities: from an answer to the three numbers in it.
        environment: beyond this process' own, from the model.
        prepare: what is done once for each model, after its environment exists.
    """

    name: str
    setup: str
    key: str
    path: str
    ready: str
    command: Callable[[int, Subject], list[str]]
    body: Callable[[str], object]
    probabilities: Callable[[Any], list[float]]
    environment: Callable[[Subject], Mapping[str, str]]
    prepare: Callable[[Subject], None] = lambda subject: None

    def start(self, subject: Subject) -> AbstractContextManager[ServerProcess]:
        """Start it on a free port."""
        port = free_port()
        log = LOGS / f"{self.key}-{subject.key}.log"
        command, environment = self.command(port, subject), self.environment(subject)
        return serving(command, port, environment=environment, folder=ROOT, log=log)

    def bodies(self, texts: Sequence[str]) -> Path:
        """Write its load."""
        return write_bodies(self.key, [self.body(text) for text in texts])

    def ask(self, port: int, text: str) -> list[float]:
        """Return its probabilities for one text."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{self.path}",
            json.dumps(self.body(text)).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return self.probabilities(json.load(response))


def environment_of(key: str) -> Path:
    """Return where the environment of another server is."""
    return WORK / "environments" / key


def make_environment(key: str) -> None:
    """Create the environment of another server and install what its requirements pin, unless it is there."""
    folder = environment_of(key)
    requirements = _REQUIREMENTS / f"{key}.txt"
    installed = folder / "installed.txt"
    if installed.exists() and installed.read_text() == requirements.read_text():
        return
    uv = os.environ.get("UV", "uv")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", version, str(folder)], check=True)
    python = folder / "bin" / "python"
    options = ["--quiet", "--compile-bytecode", "--python", str(python), "--exclude-newer", _EXCLUDE_NEWER]
    subprocess.run([uv, "pip", "install", *options, "-r", str(requirements)], check=True)
    installed.write_text(requirements.read_text())


def _program(key: str, name: str) -> str:
    return str(environment_of(key) / "bin" / name)


def _path_with(key: str) -> str:
    return f"{environment_of(key) / 'bin'}{os.pathsep}{os.environ['PATH']}"


def _mlflow_model(subject: Subject) -> Path:
    return WORK / f"mlflow-{subject.key}"


def _save_for_mlflow(subject: Subject) -> None:
    folder = _mlflow_model(subject)
    if folder.exists() and folder.stat().st_mtime >= subject.pipeline.stat().st_mtime:
        return
    shutil.rmtree(folder, ignore_errors=True)
    script = _SERVERS / "mlflow_model.py"
    subprocess.run(
        [_program("mlflow", "python"), str(script), str(subject.pipeline), str(folder)],
        env={**os.environ, **_PIPELINE_CODE},
        check=True,
    )


def our_environment(subject: Subject, state: str = "opinionlens") -> dict[str, str]:
    """Return the settings of OpinionLens: what a `.env` would hold, and nothing that makes it faster."""
    return {
        "ENV": "local",
        "MLFLOW__LOCAL_TRACKING_URI": f"sqlite:///{REGISTRY}",
        "DATABASE__URL": f"sqlite:///{WORK / state}.db",
        "API__SAVED_MODEL_PATH": str(WORK / f"{state}-cache"),
        "API__MODEL_NAME": subject.registered,
        "API__ERROR_LOG_PATH": str(LOGS / "opinionlens-errors.log"),
        "SECURITY__ADMIN_KEY": ADMIN_KEY,
    }


def forget_state(name: str = "opinionlens") -> None:
    """Start with a log of 300,000 rows, and nothing that decides which version is active."""
    for path in WORK.glob(f"{name}.db*"):
        path.unlink()
    shutil.copyfile(FULL_DATABASE, WORK / f"{name}.db")
    shutil.rmtree(WORK / f"{name}-cache", ignore_errors=True)


def _our_command(port: int, subject: Subject) -> list[str]:
    """Return the command of `opinionlens serve`, with the route that does nothing."""
    module = "benchmarks.serving.servers.opinionlens_app"
    return [sys.executable, "-c", f"from {module} import serve; serve({port})"]


def _read_ours(answer: Any) -> list[float]:  # noqa: ANN401 - JSON
    return [answer["probabilities"][label.value] for label in LABELS]


# The pipelines refer to our code: the recipe that cuts texts into tokens, or the library.
_PIPELINE_CODE = {"PYTHONPATH": str(ROOT / "src")}

OURS = Contender(
    name="OpinionLens",
    setup="`opinionlens serve`, one worker, all settings as they come: it follows the registry's champion, "
    "logs and counts each request, and keeps a row of each prediction",
    key="opinionlens",
    path="/api/v1/inference/predict",
    ready="/ready",
    command=_our_command,
    body=lambda text: {"text": text},
    probabilities=_read_ours,
    environment=our_environment,
)
OTHERS = (
    Contender(
        name="LitServe",
        setup="0.2.19 with uvloop and httptools; one API server, one worker for the model, "
        "`max_batch_size` 16, `batch_timeout` 1 ms",
        key="litserve",
        path="/predict",
        ready="/health",
        command=lambda port, subject: [
            _program("litserve", "python"),
            str(_SERVERS / "litserve_app.py"),
            str(port),
            str(subject.pipeline),
        ],
        body=lambda text: {"text": text},
        probabilities=lambda answer: answer["probabilities"],
        environment=lambda subject: _PIPELINE_CODE,
    ),
    Contender(
        name="BentoML",
        setup="1.4.39; one worker, adaptive batching with `max_batch_size` 16 and `max_latency_ms` 1,000",
        key="bentoml",
        path="/predict",
        ready="/readyz",
        command=lambda port, subject: [
            *[_program("bentoml", "bentoml"), "serve", "bentoml_app:Sentiment"],
            *["--working-dir", str(_SERVERS), "--host", "127.0.0.1", "--port", str(port)],
        ],
        body=lambda text: {"texts": [text]},
        probabilities=lambda answer: answer[0],
        environment=lambda subject: {
            **_PIPELINE_CODE,
            "PIPELINE": str(subject.pipeline),
            "BENTOML_DO_NOT_TRACK": "True",
        },
    ),
    Contender(
        name="mlflow models serve",
        setup="3.17.2; one worker, `--env-manager local`, the scikit-learn flavour with `predict_proba`",
        key="mlflow",
        path="/invocations",
        ready="/ping",
        command=lambda port, subject: [
            *[_program("mlflow", "mlflow"), "models", "serve", "--model-uri", str(_mlflow_model(subject))],
            *["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        ],
        body=lambda text: {"inputs": [text]},
        probabilities=lambda answer: answer["predictions"][0],
        environment=lambda subject: {
            **_PIPELINE_CODE,
            "PATH": _path_with("mlflow"),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        prepare=_save_for_mlflow,
    ),
)
