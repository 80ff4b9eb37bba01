"""Sums over the words of served texts, gathered in memory.

For drift checks where the texts are not stored: no text can be rebuilt from a sum over an hour. One thread
gathers; the words of a text are here for about a second.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import UUID, uuid4

import numpy as np
import structlog

from opinionlens.base.errors import ArtifactError
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear.text_reading import word_test
from opinionlens.drift.embedding import TermEmbedder
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.reference import REFERENCE_NAME, Reference
from opinionlens.drift.windows import WindowSums, distinct_terms, unknown_share
from opinionlens.storage import drift_sums
from opinionlens.storage.database import Database
from opinionlens.storage.drift_sums import HourlySums
from opinionlens.storage.predictions import PredictionRow

# About a millisecond's work: then another thread may have the interpreter.
_TEXTS_AT_ONCE = 50
_PROFILES_KEPT = 4
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

    def __init__(self, profile: TextProfile, embedder: TermEmbedder) -> None:
        self.id: UUID = uuid4()
        self.sums = WindowSums(profile, embedder)
        self.written_texts = 0

    @property
    def unwritten_texts(self) -> int:
        """Texts since the last write."""
        return self.sums.texts - self.written_texts


_Version = tuple[str, int | None]
_Waiting = tuple[PredictionRow, ServedWords | None]


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
        self._embedder = TermEmbedder()
        self._profiles: OrderedDict[_Version, TextProfile | None] = OrderedDict()
        self._hours: dict[tuple[_Version, datetime], _Hour] = {}

    def add(self, batch: Sequence[_Waiting]) -> list[PredictionRow]:
        """Add served texts; return rows with shares of unknown words.

        Texts of a model without a drift reference are left out.
        """
        rows: list[PredictionRow] = []
        for (version, hour), part in _grouped(batch):
            words = part[0][1]
            profile = None if words is None else self._profile(version, words.model)
            if words is None or profile is None:
                rows += [row for row, _ in part]
                continue
            gathered = self._hours.get((version, hour))
            if gathered is None:
                self._make_room()
                gathered = self._hours[version, hour] = _Hour(profile, self._embedder)
            rows += _added(gathered.sums, words.model, part)
            time.sleep(0)
        return rows

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

    def _profile(self, version: _Version, model: ReadModel) -> TextProfile | None:
        if version not in self._profiles:
            self._profiles[version] = _read_profile(model.folder)
            if len(self._profiles) > _PROFILES_KEPT:
                self._profiles.popitem(last=False)
        return self._profiles[version]


def _grouped(batch: Sequence[_Waiting]) -> Iterator[tuple[tuple[_Version, datetime], list[_Waiting]]]:
    """Yield portions of one version and hour."""
    groups: dict[tuple[_Version, datetime, bool], list[_Waiting]] = {}
    for row, words in batch:
        key = ((row.model_name, row.model_version), _hour_of(row.at), words is None)
        groups.setdefault(key, []).append((row, words))
    for (version, hour, _), rows in groups.items():
        for start in range(0, len(rows), _TEXTS_AT_ONCE):
            yield (version, hour), rows[start : start + _TEXTS_AT_ONCE]


def _added(sums: WindowSums, model: ReadModel, part: Sequence[_Waiting]) -> list[PredictionRow]:
    recipe, knows = model.classifier.manifest.features.recipe, word_test(model.classifier)
    terms = [
        distinct_terms(
            recipe.tokens(words.text) if words.tokens is None else words.tokens.split(), words.text
        )
        for _, words in part
        if words is not None
    ]
    sums.add_predictions(
        np.array([row.probabilities for row, _ in part]), [row.length_chars for row, _ in part]
    )
    sums.add_terms(terms)
    if knows is None:
        return [row for row, _ in part]
    shares = [unknown_share(recipe, each, knows) for each in terms]
    sums.add_unknown(shares)
    return [
        row if math.isnan(share) else replace(row, unknown_share=share)
        for (row, _), share in zip(part, shares, strict=True)
    ]


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
