"""`opinionlens serve` with a folder in place of a registry: many workers, restarts, no process of MLflow."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.processes import command_of, descendants_of
from tests.support.waiting import wait_until

LOOKS = 12  # so that each of two workers is asked


@pytest.fixture
def digest(write_word_model: Callable[..., str], tmp_path: Path) -> str:
    return write_word_model(tmp_path / "model", {"great": 3.0})[:12]


def versions(server) -> set[str]:
    asked = [server.ask("GET", "/ready").body["model"]["version"] for _ in range(LOOKS)]
    return {str(version) for version in asked}


def test_all_workers_serve_it_and_its_successor_and_a_restart_too(
    start_server: Callable, write_word_model: Callable[..., str], digest: str, tmp_path: Path
) -> None:
    server = start_server("--workers", "2", API__MODEL_PATH="model")
    server.wait_for("/ready")
    wait_until(lambda: versions(server) == {digest})
    assert server.metric(f'model_active_info{{kind="linear",model="opinionlens",version="{digest}"}}') == 1
    commands = map(command_of, descendants_of(server.pid))
    assert not [command for command in commands if "opinionlens.registry.worker" in command]

    successor = write_word_model(tmp_path / "model", {"great": -3.0})[:12]
    wait_until(lambda: versions(server) == {successor})
    assert server.ask("POST", "/api/v1/inference/predict", {"text": "great"}).body["prediction"] == "NEGATIVE"

    assert server.end() == 0
    server.start()
    server.wait_for("/ready")
    wait_until(lambda: versions(server) == {successor})


def test_a_broken_folder_is_named_in_the_log_and_mended_without_a_restart(
    start_server: Callable, digest: str, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    (tmp_path / "model").rename(whole)
    server = start_server(API__MODEL_PATH="model")
    wait_until(lambda: server.events("folder.not_served"))
    assert str(tmp_path / "model") in server.events("folder.not_served")[0]["reason"]
    answer = server.ask("GET", "/ready")
    assert (answer.status, answer.body["model_loaded"]) == (503, False)
    assert "API__MODEL_PATH" in answer.body["problem"]
    shutil.copytree(whole, tmp_path / "model")
    server.wait_for("/ready")
    assert server.ask("GET", "/ready").body["model"]["version"] == digest
