"""`opinionlens shadow`: the challenger of the registry answers what the log keeps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from opinionlens.base.errors import InputError
from opinionlens.cli import registries
from opinionlens.cli.main import app
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION
from opinionlens.storage import Database, migrate, predictions, shadow_answers
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.text.labels import Label

NAME = "opinionlens"
URL = "sqlite:///opinionlens.db"


@pytest.fixture(autouse=True)
def folder(bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in a folder with an app's database."""
    monkeypatch.chdir(tmp_path)
    migrate(URL)
    return tmp_path


@pytest.fixture
def registry(
    monkeypatch: pytest.MonkeyPatch, write_word_model: Callable[..., str], tmp_path: Path
) -> MemoryRegistry:
    """A champion, and a newer version that takes praise for complaint."""
    memory = MemoryRegistry()
    monkeypatch.setattr(registries, "open_registry", lambda *args: contextlib.nullcontext(memory))
    for weight in (3.0, -3.0):
        digest = write_word_model(tmp_path / "made", {"great": weight})
        memory.register(NAME, tmp_path / "made", digest=digest, run_id=None, tags={}, scores={})
    memory.set_alias(NAME, CHAMPION, 1)
    return memory


def serve(*texts: str) -> None:
    """Write the log as an app that keeps texts."""
    rows = [
        PredictionRow(
            id=uuid4(),
            at=datetime.now(UTC) - timedelta(minutes=number),
            model_name=NAME,
            model_version=1,
            text_hash=hash_text(text),
            length_chars=len(text),
            label=Label.POSITIVE if "great" in text else Label.NEUTRAL,
            probabilities=(0.01, 0.1, 0.89) if "great" in text else (0.2, 0.6, 0.2),
            latency_seconds=0.001,
            text=text,
        )
        for number, text in enumerate(texts)
    ]
    with closing(Database(URL)) as database:
        predictions.write(database, rows)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["shadow", *words], catch_exceptions=False)


def totals() -> list[tuple[int, int, int]]:
    with closing(Database(URL)) as database:
        found = shadow_answers.totals(database)
    return [(one.version.number, one.answered, one.differing) for one in found]


def test_the_newest_version_answers_the_stored_texts(registry: MemoryRegistry) -> None:
    serve("great", "a great day", "a day")
    result = run("--share", "1")
    assert result.exit_code == 0
    assert "opinionlens 2 answered 3 texts, 2 of them otherwise." in result.stderr
    assert totals() == [(2, 3, 2)]
    assert "answered 0 texts" in run("--share", "1").stderr


def test_programs_get_the_result_as_json_and_the_settings_count(
    registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER__SHADOW_SHARE", "1")
    monkeypatch.setenv("WORKER__SHADOW_VERSION", "candidate")
    registry.set_alias(NAME, "candidate", 2)
    serve("great")
    fields: dict[str, Any] = json.loads(run("--json").stdout)
    assert fields == {
        "model_name": "opinionlens",
        "model_version": 2,
        "answered": 1,
        "differing": 1,
        "waiting": False,
    }


def test_without_a_challenger_the_status_is_4(registry: MemoryRegistry) -> None:
    registry.set_alias(NAME, CHAMPION, 2)
    serve("great")
    result = run("--share", "1")
    assert result.exit_code == 4
    assert "No version of opinionlens waits to replace the champion." in result.stderr
    assert totals() == []


def test_without_a_share_it_says_what_to_set(registry: MemoryRegistry) -> None:
    with pytest.raises(InputError, match="answer no texts"):
        run()
