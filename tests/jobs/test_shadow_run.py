"""A challenger beside the champion: which version, which texts, and what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from opinionlens.base.errors import InputError, VersionNotFound
from opinionlens.classifiers.prediction import Prediction
from opinionlens.jobs.shadow_run import Challenger, answer_beside, find_challenger, is_in_share
from opinionlens.registry import MemoryRegistry
from opinionlens.registry.port import CHAMPION
from opinionlens.storage import Database, migrate, predictions, shadow_answers
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.shadow_answers import ShadowVersion
from opinionlens.text.labels import Label

NAME = "opinionlens"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Shouting:
    """A classifier that finds negative whatever has an exclamation mark, and the rest positive."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        self.asked += texts
        negative = Prediction(Label.NEGATIVE, 0.9, (0.9, 0.05, 0.05))
        positive = Prediction(Label.POSITIVE, 0.9, (0.05, 0.05, 0.9))
        return [negative if "!" in text else positive for text in texts]


@pytest.fixture
def database(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'opinionlens.db'}"
    migrate(url)
    with closing(Database(url)) as database:
        yield database


def log(database: Database, *texts: str, kept: bool = True) -> None:
    rows = [
        PredictionRow(
            id=uuid4(),
            at=NOON + timedelta(minutes=number),
            model_name=NAME,
            model_version=1,
            text_hash=hash_text(text),
            length_chars=len(text),
            label=Label.POSITIVE,
            probabilities=(0.1, 0.2, 0.7),
            latency_seconds=0.001,
            text=text if kept else None,
        )
        for number, text in enumerate(texts)
    ]
    predictions.write(database, rows)


def challenger(classifier: Shouting | None = None) -> Challenger:
    return Challenger(ShadowVersion(NAME, 2), classifier or Shouting())  # type: ignore[arg-type]


def test_its_answers_are_stored_and_counted(database: Database) -> None:
    log(database, "calm", "loud!", "louder!")
    run = answer_beside(database, challenger(), share=1.0)
    assert (run.answered, run.differing, run.waiting) == (3, 2, False)
    found = shadow_answers.differing(database, ShadowVersion(NAME, 2), limit=9)
    assert [one.served.text for one in found] == ["louder!", "loud!"]


def test_no_text_is_answered_twice(database: Database) -> None:
    log(database, "calm", "loud!")
    shouting = Shouting()
    answer_beside(database, challenger(shouting), share=1.0)
    again = answer_beside(database, challenger(shouting), share=1.0)
    assert (again.answered, len(shouting.asked)) == (0, 2)


def test_a_run_is_bounded_and_the_next_one_goes_on(database: Database) -> None:
    log(database, *(f"text {number}" for number in range(5)))
    shouting = Shouting()
    first = answer_beside(database, challenger(shouting), share=1.0, most=3)
    assert (first.answered, first.waiting) == (3, True)
    assert set(shouting.asked) == {"text 4", "text 3", "text 2"}
    second = answer_beside(database, challenger(shouting), share=1.0, most=3)
    assert (second.answered, second.waiting) == (2, False)


def test_without_kept_texts_the_run_says_what_to_set(database: Database) -> None:
    log(database, "not kept", kept=False)
    with pytest.raises(InputError) as caught:
        answer_beside(database, challenger(), share=1.0)
    assert "keeps no texts" in caught.value.what
    assert "PRIVACY__KEEP_TEXTS=true" in str(caught.value.remedy)


def test_a_share_is_taken_by_the_id_alone() -> None:
    ids = [uuid4() for _ in range(4_000)]
    tenth = {one for one in ids if is_in_share(one, 0.1)}
    # Of 4,000 a tenth, to five standard deviations.
    assert 305 <= len(tenth) <= 495
    assert tenth == {one for one in ids if is_in_share(one, 0.1)}
    assert tenth <= {one for one in ids if is_in_share(one, 0.2)}
    last = UUID(int=2**128 - 1)
    assert is_in_share(last, 1.0)
    assert not is_in_share(last, 0.99)
    assert not is_in_share(UUID(int=0), 0.0)


@pytest.fixture
def registry(write_word_model, tmp_path: Path) -> MemoryRegistry:
    """Three versions and a foreign one; the first is champion."""
    registry = MemoryRegistry()
    for weight in (3.0, 2.0, 1.0):
        digest = write_word_model(tmp_path / "made", {"great": weight})
        registry.register(NAME, tmp_path / "made", digest=digest, run_id=None, tags={}, scores={})
    registry.add_foreign(NAME)
    registry.set_alias(NAME, CHAMPION, 1)
    return registry


def number_of(found: object) -> int | None:
    return getattr(found, "number", None)


def test_the_alias_names_the_challenger(registry: MemoryRegistry) -> None:
    registry.set_alias(NAME, "challenger", 2)
    registry.set_alias(NAME, "candidate", 3)
    assert number_of(find_challenger(registry, NAME, "challenger")) == 2
    assert number_of(find_challenger(registry, NAME, "candidate")) == 3
    assert number_of(find_challenger(registry, NAME, "3")) == 3


def test_without_the_alias_it_is_the_newest_that_may_serve(registry: MemoryRegistry) -> None:
    assert number_of(find_challenger(registry, NAME, "challenger")) == 3
    registry.set_alias(NAME, CHAMPION, 3)
    assert find_challenger(registry, NAME, "challenger") is None


def test_the_champion_is_no_challenger_of_itself(registry: MemoryRegistry) -> None:
    registry.set_alias(NAME, "challenger", 1)
    assert find_challenger(registry, NAME, "challenger") is None
    assert find_challenger(registry, NAME, "1") is None


@pytest.mark.parametrize("wanted", ["9", "nobody"])
def test_a_version_that_is_not_there_is_an_error(registry: MemoryRegistry, wanted: str) -> None:
    with pytest.raises(VersionNotFound):
        find_challenger(registry, NAME, wanted)
