"""What is gathered of served texts without keeping them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from tests.support.drift_model import write_model
from tests.support.drift_traffic import KNOWN, RECIPE, posts

from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.drift.batch_sums import BatchSums
from opinionlens.drift.reference import Reference
from opinionlens.drift.windows import SumState, WindowSums, terms_of, unknown_share
from opinionlens.serving.store import ServedModel
from opinionlens.storage import Database, StorageUnavailable, drift_sums, migrate, predictions, served_words
from opinionlens.storage.prediction_log import PredictionLog
from opinionlens.storage.predictions import PredictionRow, hash_text
from opinionlens.storage.records import Records
from opinionlens.storage.served_words import ServedSums, ServedWords

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXTS = [*posts(random.Random(3), 120), "", "Ã¼ber @user 😀", "qwertz asdf"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, drift_reference: bytes) -> ServedModel:
    folder = write_model(tmp_path_factory.mktemp("model") / "classifier", None, drift_reference)
    return ServedModel(load_classifier(folder), "brands", 3, "d" * 64, folder)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    migrate(url)
    return Database(url)


def waiting(
    model: ServedModel, texts: Sequence[str] = TEXTS, *, at: datetime = NOON, version: int | None = 3
) -> list[tuple[PredictionRow, ServedWords]]:
    found = model.classifier.predict_many(texts)
    return [
        (
            PredictionRow(
                id=uuid4(),
                at=at,
                model_name="brands",
                model_version=version,
                text_hash=hash_text(text),
                length_chars=len(text),
                label=one.label,
                probabilities=one.probabilities,
                latency_seconds=0.001,
            ),
            ServedWords(text, one.tokens, model),
        )
        for text, one in zip(texts, found, strict=True)
    ]


def whole(model: ServedModel, texts: Sequence[str] = TEXTS) -> SumState:
    """The sums as a drift check gathers them from stored texts."""
    assert model.folder is not None
    profile = Reference.from_bytes((model.folder / "reference.json").read_bytes()).profile
    assert profile is not None
    sums = WindowSums(profile)
    sums.add_predictions(model.classifier.predict_proba(texts), [len(text) for text in texts])
    sums.add_texts(texts, RECIPE, KNOWN.__contains__)
    return sums.state()


def stored(database: Database, version: int | None = 3) -> list[drift_sums.HourlySums]:
    until = NOON + timedelta(days=99)
    return list(
        drift_sums.hourly(database, model_name="brands", model_version=version, since=None, until=until)
    )


def same(one: SumState, other: SumState) -> bool:
    """Whether the sums are equal but for rounding.

    Fourier features are numbers of 32 bits, and how they are rounded depends on the processor and on how many
    texts are computed together: 1e-7 in sums of 123. A text more or less is .01 and more.
    """
    return all(
        np.allclose(getattr(one, name), getattr(other, name), atol=1e-5) for name in SumState.__slots__
    )


def test_one_text_and_many_are_read_alike(model: ServedModel) -> None:
    for text, one in zip(TEXTS, model.classifier.predict_many(TEXTS), strict=True):
        assert one.tokens == model.classifier.predict(text).tokens == " ".join(RECIPE.tokens(text))


def test_the_sums_are_those_of_stored_texts(database: Database, model: ServedModel) -> None:
    sums = ServedSums(database)
    half = len(TEXTS) // 2
    batch = waiting(model)
    rows = [*sums.add(batch[:half]), *sums.add(batch[half:])]
    sums.write(NOON)
    (found,) = stored(database)
    assert (found.hour, found.state.texts) == (NOON, len(TEXTS))
    assert same(found.state, whole(model))
    by_id = {row.id: row for row in rows}
    for (row, _), text in zip(batch, TEXTS, strict=True):
        share = unknown_share(RECIPE, terms_of(RECIPE, text), KNOWN.__contains__)
        given = by_id[row.id].unknown_share
        assert given == share or (given is None and np.isnan(share))


def test_texts_without_tokens_are_cut_again(database: Database, model: ServedModel) -> None:
    sums = ServedSums(database)
    sums.add([(row, words._replace(tokens=None)) for row, words in waiting(model)])
    sums.write(NOON)
    assert same(stored(database)[0].state, whole(model))


def test_long_texts_come_in_portions(
    database: Database, model: ServedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_words, "_CHARS_AT_ONCE", 300)
    portions: list[int] = []
    add_batch = BatchSums.add_batch

    def noted(sums: BatchSums, texts, knows):
        portions.append(len(texts))
        return add_batch(sums, texts, knows)

    monkeypatch.setattr(BatchSums, "add_batch", noted)
    texts = ["a" * 100, "b" * 200, "c", "d" * 900, "e", "f" * 299]
    sums = ServedSums(database)
    sums.add(waiting(model, texts))
    assert portions == [2, 1, 1, 2]
    sums.add(waiting(model))
    sums.write(NOON)
    assert same(stored(database)[0].state, whole(model, [*texts, *TEXTS]))


def test_each_hour_and_version_apart(database: Database, model: ServedModel) -> None:
    sums = ServedSums(database)
    late = NOON + timedelta(minutes=59, seconds=59)
    sums.add(waiting(model, at=late))
    sums.add([*waiting(model, TEXTS[:5], at=NOON + timedelta(hours=1)), *waiting(model, version=4)])
    sums.write(NOON + timedelta(hours=1))
    assert [(one.hour, one.state.texts) for one in stored(database)] == [
        (NOON + timedelta(hours=1), 5),
        (NOON, len(TEXTS)),
    ]
    # A row of a past hour, after its sums were let go of, stands beside them.
    sums.add(waiting(model, TEXTS[:2], at=late))
    sums.write(NOON + timedelta(hours=1))
    assert sorted(one.state.texts for one in stored(database) if one.hour == NOON) == [2, len(TEXTS)]
    assert [one.state.texts for one in stored(database, 4)] == [len(TEXTS)]


def test_several_processes_add_to_one_hour(database: Database, model: ServedModel) -> None:
    batch = waiting(model)
    for part in (batch[::2], batch[1::2]):
        sums = ServedSums(database)
        sums.add(part)
        sums.write(NOON)
    both = WindowSums(profile_of(model))
    for one in stored(database):
        assert both.add_words_of(one.state)
    assert np.allclose(both.state().embedding, whole(model).embedding)
    assert both.read_texts == len(TEXTS)


def profile_of(model: ServedModel):
    assert model.folder is not None
    return Reference.from_bytes((model.folder / "reference.json").read_bytes()).profile


def test_writing_again_changes_nothing(
    database: Database, model: ServedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first commit is lost; what was written is written again."""
    write = drift_sums.write

    def unanswered(*given) -> None:
        write(*given)
        raise StorageUnavailable("no answer")

    sums = ServedSums(database)
    sums.add(waiting(model))
    monkeypatch.setattr(drift_sums, "write", unanswered)
    with pytest.raises(StorageUnavailable):
        sums.write(NOON)
    monkeypatch.undo()
    sums.write(NOON)
    assert [one.state.texts for one in stored(database)] == [len(TEXTS)]


def test_models_without_a_reference_are_left_out(
    database: Database, model: ServedModel, tmp_path: Path
) -> None:
    sums = ServedSums(database)
    batch = waiting(model, TEXTS[:3])
    (tmp_path / "reference.json").write_bytes(b"{}")
    for folder in (None, tmp_path / "none", tmp_path):
        other = ServedModel(LexiconClassifier(), "words", None, None, folder)
        rows = sums.add(
            [(replace(row, model_name=str(folder)), words._replace(model=other)) for row, words in batch]
        )
        assert [row.unknown_share for row in rows] == [None] * 3
    assert [row.id for row in sums.add([(row, None) for row, _ in batch])] == [row.id for row, _ in batch]
    sums.write(NOON)
    assert stored(database) == []


def test_hours_beyond_the_bound_are_lost_and_counted(
    database: Database, model: ServedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_words, "_MOST_HOURS", 2)
    lost: list[int] = []
    sums = ServedSums(database, on_loss=lost.append)
    for hour, texts in enumerate((TEXTS[:3], TEXTS[:4], TEXTS[:5])):
        sums.add(waiting(model, texts, at=NOON + timedelta(hours=hour)))
    assert lost == [3]
    sums.write(NOON)
    sums.add(waiting(model, TEXTS[:6], at=NOON + timedelta(hours=2)))
    sums.give_up()
    assert lost == [3, 6]  # those that were written are not lost


class TestLog:
    def test_words_are_counted_and_let_go(self, database: Database, model: ServedModel) -> None:
        with PredictionLog(database, keeps_text=False) as log:
            for row, words in waiting(model):
                log.add(row, words)
        found = predictions.newest(database, since=NOON, until=NOON + timedelta(hours=1))
        assert {row.text for row in found} == {None}
        assert sum(row.unknown_share is not None for row in found) == len(TEXTS) - 1
        assert [one.state.read_texts for one in stored(database)] == [len(TEXTS)]

    def test_rows_go_in_where_their_words_have_no_room(self, database: Database, model: ServedModel) -> None:
        with PredictionLog(database, keeps_text=False, max_chars=300, flush_seconds=60) as log:
            for row, words in waiting(model, ["lovely " * 10] * 9):
                log.add(row, words)
        assert len(predictions.newest(database, since=NOON, until=NOON + timedelta(hours=1))) == 9
        assert [one.state.read_texts for one in stored(database)] == [2]

    def test_sums_that_cannot_be_written_are_counted(
        self, database: Database, model: ServedModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*given) -> None:
            raise StorageUnavailable("down")

        monkeypatch.setattr(drift_sums, "write", fail)
        lost: list[int] = []
        with PredictionLog(database, keeps_text=False, on_lost_sums=lost.append) as log:
            for row, words in waiting(model):
                log.add(row, words)
        assert lost == [len(TEXTS)]
        assert log.counts.written == len(TEXTS)

    def test_served_predictions_are_gathered(self, tmp_path: Path, model: ServedModel) -> None:
        records = Records(Database(f"sqlite:///{tmp_path / 'app.db'}"))
        migrate(f"sqlite:///{tmp_path / 'app.db'}")
        records.start()
        for text in TEXTS:
            records.log_prediction(uuid4(), text, model.classifier.predict(text), model, 0.01)
        records.close()
        database = Database(f"sqlite:///{tmp_path / 'app.db'}")
        assert sum(one.state.read_texts for one in stored(database)) == len(TEXTS)
