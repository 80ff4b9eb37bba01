"""The entry point: settings from the environment, a registry opened only when asked, light imports."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from starlette.testclient import TestClient

from opinionlens.base.errors import SettingsInvalid
from opinionlens.server import assembly
from opinionlens.server.entry import build_app

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def environment(bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API__STATIC_PATH", str(ROOT / "static"))
    monkeypatch.setenv("API__TEMPLATES_PATH", str(ROOT / "templates"))
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_an_unreachable_registry_does_not_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW__REMOTE_TRACKING_URI", "http://127.0.0.1:9")
    with TestClient(build_app(), base_url="http://localhost") as client:
        assert client.get("/health").status_code == 200
        answer = client.post("/api/v1/inference/predict", json={"text": "I love it"}).json()
        assert answer["model"]["kind"] == "lexicon"


def test_the_collector_does_not_walk_through_what_stays() -> None:
    before = gc.get_freeze_count()
    app = build_app()
    try:
        # Nearly all modules of the process: a full collection would stop every thread to look at them.
        assert gc.get_freeze_count() > before + 10_000
        assert not any(one is app for one in gc.get_objects())
    finally:
        gc.unfreeze()


def test_full_collections_of_a_server_are_rare() -> None:
    """One every few seconds, as Python would have it, stopped all answers for 150 ms."""
    build_app()
    gc.unfreeze()
    assert gc.get_threshold() == (700, 10, 10_000)


def test_nothing_is_collected_while_the_app_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(assembly, "prepare", lambda settings: seen.append(gc.isenabled()))
    build_app()
    gc.unfreeze()
    assert seen == [False]
    assert gc.isenabled()


def test_a_misspelt_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API__FALLBCK", "none")
    with pytest.raises(SettingsInvalid, match="API__FALLBCK"):
        build_app()


def test_serving_never_loads_what_trains() -> None:
    code = (
        "import sys\n"
        "from starlette.testclient import TestClient\n"
        "from opinionlens.server.entry import build_app\n"
        "with TestClient(build_app(), base_url='http://localhost') as client:\n"
        "    client.post('/api/v1/inference/explain', json={'text': 'I love it'})\n"
        "    client.post('/', data={'text': 'I love it'})\n"
        "heavy = 'mlflow sklearn pandas polars scipy nltk optuna dvc matplotlib torch'.split()\n"
        "sys.exit(', '.join(set(heavy) & set(sys.modules)) or 0)\n"
    )
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "MLFLOW__REMOTE_TRACKING_URI": "http://127.0.0.1:9",
    }
    process = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert process.returncode == 0, process.stderr
