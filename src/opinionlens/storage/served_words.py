"""Sums over the words of served texts, gathered in memory.

For drift checks where the texts are not stored: no text can be rebuilt from a sum over an hour. One thread
gathers; the words of a text are here for about a second.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import UUID, uuid4

import numpy as np
import structlog

from opinionlens.base.errors import ArtifactError
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear.text_reading import word_test
from opinionlens.drift.batch_sums import BatchSums, batch_terms
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.reference import REFERENCE_NAME, Reference
from opinionlens.drift.term_table import TermTable
from opinionlens.storage import drift_sums
from opinionlens.storage.database import Database
from opinionlens.storage.drift_sums import HourlySums
from opinionlens.storage.predictions import PredictionRow

# For a millisecond's longest single step, in which no other thread has the interpreter. Smaller portions cost
# more: each step lets go of the interpreter, and to get it back takes longer than the step.
_CHARS_AT_ONCE = 100_000
# The active version and one that is tried beside it.
_VERSIONS_KEPT = 2
# Sums of 25 kB that wait through an outage: two days of one version.
_MOST_HOURS = 48

log = structlog.get_logger("storage")


class ReadModel(Protocol):
    """A model that predicts, with the folder of its artifact."""

    @property
    def classifier(self) -> Classifier:
        """The classifier in memory."""

    @property
    def folder(self) -> Path | None:
        """The folder of the artifact; None without one."""


class ServedWords(NamedTuple):
    """A served text with its tokens and its model.

    Attributes:
        text: as it was sent.
        tokens: joined by blanks; None where they must be cut again.
        model: that predicted.
    """

    text: str
    tokens: str | None
    model: ReadModel

    @property
    def chars(self) -> int:
        """The characters that wait with it."""
        return len(self.text) + len(self.tokens or "")


class _Hour:
    """The sums of one version and hour."""

    def __init__(self, sums: BatchSums) -> None:
        self.id: UUID = uuid4()
        self.sums = sums
        self.written_texts = 0

    @property
    def unwritten_texts(self) -> int:
        """Texts since the last write."""
        return self.sums.texts - self.written_texts


class _Words(NamedTuple):
    """How the words of one version are read."""

    profile: TextProfile
    table: TermTable


_Version = tuple[str, int | None]
_Waiting = tuple[PredictionRow, ServedWords | None]
_Served = tuple[PredictionRow, ServedWords]


class ServedSums:
    """The sums of this process, unfinished or unwritten."""

    def __init__(self, database: Database, *, on_loss: Callable[[int], None] = lambda texts: None) -> None:
        """Start with none.

        Args:
            database: where they go.
            on_loss: told how many texts were in sums that had to be dropped.
        """
        self._database = database
        self._on_loss = on_loss
        self._words: OrderedDict[_Version, _Words | None] = OrderedDict()
        self._hours: dict[tuple[_Version, datetime], _Hour] = {}

    def add(self, batch: Sequence[_Waiting]) -> list[PredictionRow]:
        """Add served texts; return rows with shares of unknown words.

        Texts of a model without a drift reference are left out.
        """
        served = [(row, words) for row, words in batch if words is not None]
        for (version, hour), part in _grouped(served):
            words = self._words_of(version, part[0][1].model)
            if words is None:
                continue
            gathered = self._hours.get((version, hour))
            if gathered is None:
                self._make_room()
                sums = BatchSums(words.profile, words.table)
                gathered = self._hours[version, hour] = _Hour(sums)
            for portion in _portions(part):
                _add(gathered.sums, portion)
        return [row for row, _ in batch]

    def write(self, now: datetime) -> None:
        """Store the sums that changed; drop those of past hours.

        Raises:
            StorageUnavailable: the database does not answer; the next call writes them.
        """
        changed = {key: hour for key, hour in self._hours.items() if hour.unwritten_texts}
        drift_sums.write(
            self._database,
            [HourlySums(hour.id, *version, at, hour.sums.state()) for (version, at), hour in changed.items()],
        )
        for hour in changed.values():
            hour.written_texts = hour.sums.texts
        this_hour = _hour_of(now)
        self._hours = {key: hour for key, hour in self._hours.items() if key[1] >= this_hour}

    def give_up(self) -> None:
        """Count the sums that were not written as lost."""
        for hour in self._hours.values():
            self._lose(hour)
        self._hours = {}

    def _make_room(self) -> None:
        if len(self._hours) >= _MOST_HOURS:
            self._lose(self._hours.pop(min(self._hours, key=lambda key: key[1])))

    def _lose(self, hour: _Hour) -> None:
        if lost := hour.unwritten_texts:
            self._on_loss(lost)

    def _words_of(self, version: _Version, model: ReadModel) -> _Words | None:
        if version not in self._words:
            profile = _read_profile(model.folder)
            recipe = model.classifier.manifest.features.recipe
            self._words[version] = None if profile is None else _Words(profile, TermTable(profile, recipe))
            if len(self._words) > _VERSIONS_KEPT:
                self._words.popitem(last=False)
        self._words.move_to_end(version)
        return self._words[version]


def _grouped(served: Sequence[_Served]) -> Iterator[tuple[tuple[_Version, datetime], Sequence[_Served]]]:
    """Yield texts of one version and hour."""
    rows = [row for row, _ in served]
    versions = {(row.model_name, row.model_version) for row in rows}
    moments = [row.at for row in rows]
    hours = {_hour_of(min(moments)), _hour_of(max(moments))} if moments else set()
    if len(versions) == len(hours) == 1:  # nearly always
        yield (versions.pop(), hours.pop()), served
        return
    groups: dict[tuple[_Version, datetime], list[_Served]] = {}
    for row, words in served:
        key = ((row.model_name, row.model_version), _hour_of(row.at))
        groups.setdefault(key, []).append((row, words))
    yield from groups.items()


def _portions(served: Sequence[_Served]) -> Iterator[Sequence[_Served]]:
    """Yield texts of so many characters, or a longer one."""
    start = chars = 0
    for number, (row, _) in enumerate(served):
        chars += row.length_chars
        if chars > _CHARS_AT_ONCE and number > start:
            yield served[start:number]
            start, chars = number, row.length_chars
    if served:
        yield served[start:]


def _add(sums: BatchSums, part: Sequence[_Served]) -> None:
    """Add texts to sums; fill in their unknown shares."""
    model = part[0][1].model
    sums.add_predictions(
        np.array([row.probabilities for row, _ in part]), [row.length_chars for row, _ in part]
    )
    recipe = model.classifier.manifest.features.recipe
    shares = sums.add_batch(
        [
            batch_terms(recipe.tokens(text) if tokens is None else tokens.split(), text)
            for _, (text, tokens, _) in part
        ],
        word_test(model.classifier),
    )
    if shares is not None:
        for (row, _), share in zip(part, shares.tolist(), strict=True):
            if not math.isnan(share):
                row.unknown_share = share


def _read_profile(folder: Path | None) -> TextProfile | None:
    if folder is None:
        return None
    try:
        return Reference.from_bytes((folder / REFERENCE_NAME).read_bytes()).profile
    except (OSError, ArtifactError) as error:
        log.info("drift.no_reference", folder=str(folder), reason=str(error))
        return None


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
