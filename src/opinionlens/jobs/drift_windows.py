"""Windows for drift checks: prediction log or files."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opinionlens.bulk.batch_prediction import Predicts
from opinionlens.drift.estimated_quality import QualitySums
from opinionlens.drift.measures.domain_classifier import MOST_TEXTS
from opinionlens.drift.profile import LEAST_TEXTS, TextProfile
from opinionlens.drift.realised_quality import LabelledAnswer
from opinionlens.drift.report_body import WindowSource
from opinionlens.drift.windows import KnowsWord, WindowSums, terms_of, unknown_share
from opinionlens.storage import Database, drift_sums, feedback, predictions
from opinionlens.tabular.opening import check_plain_file, open_source
from opinionlens.text.recipe import Recipe

_HOUR = timedelta(hours=1)


@dataclass
class GatheredWindow:
    """The sums of a window, with some of its texts.

    Attributes:
        sums: over all of it.
        source: of the texts.
        start: the first moment.
        end: the first moment after it.
        some_texts: evenly drawn, for the domain classifier.
        notes: sentences on what was left out.
        why_no_words: said where too few texts are at hand.
        quality: sums for the expected quality of the answers.
        labelled: answers of the window with feedback.
    """

    sums: WindowSums
    source: WindowSource
    start: datetime
    end: datetime
    some_texts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    why_no_words: str = "The texts are not at hand."
    quality: QualitySums = field(default_factory=QualitySums)
    labelled: list[LabelledAnswer] = field(default_factory=list)
    _seen: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - a fair sample, no secret

    def add_predictions(self, probabilities: NDArray[np.float64], lengths: Sequence[int]) -> None:
        """Add predictions (n, 3) with the lengths of their texts."""
        self.sums.add_predictions(probabilities, lengths)
        self.quality.add(probabilities)

    def keep_some(self, texts: Iterable[str]) -> None:
        """Keep each text with the same chance, at most 2,000."""
        for text in texts:
            self._seen += 1
            if len(self.some_texts) < MOST_TEXTS:
                self.some_texts.append(text)
            elif (place := self._chance.randrange(self._seen)) < MOST_TEXTS:
                self.some_texts[place] = text


@dataclass(frozen=True)
class LogSpan:
    """The part of the prediction log to look at.

    Attributes:
        until: the first moment after it.
        age: how far it reaches back; None for no limit.
        most: its newest rows; None for all.
    """

    until: datetime
    age: timedelta | None = None
    most: int | None = None


def window_of_log(
    database: Database,
    profile: TextProfile,
    recipe: Recipe,
    knows: KnowsWord | None,
    *,
    model: tuple[str, int | None],
    span: LogSpan,
) -> GatheredWindow:
    """Gather the predictions of one version.

    Raises:
        StorageUnavailable: the database does not answer.
    """
    since = None if span.age is None else span.until - span.age
    window = GatheredWindow(WindowSums(profile), "prediction_log", since or span.until, span.until)
    rows = predictions.pages(
        database, model_name=model[0], model_version=model[1], since=since, until=span.until, limit=span.most
    )
    stored = WindowSums(profile)
    for page in rows:
        probabilities = np.array([row.probabilities for row in page])
        window.add_predictions(probabilities, [row.length_chars for row in page])
        texts = [row.text for row in page if row.text is not None]
        terms = [terms_of(recipe, text) for text in texts]
        stored.add_terms(terms)
        if knows is not None:
            window.sums.add_unknown([unknown_share(recipe, each, knows) for each in terms])
        window.sums.add_unknown(
            [row.unknown_share for row in page if row.text is None and row.unknown_share is not None]
        )
        window.keep_some(texts)
        if since is None:
            window.start = page[-1].at
    window.labelled = [
        LabelledAnswer(one.probabilities, one.label, one.source)
        for one in feedback.on_predictions(
            database, model_name=model[0], model_version=model[1], since=window.start, until=span.until
        )
    ]
    of_hours, hours = WindowSums(profile), set[datetime]()
    if stored.read_texts < min(window.sums.texts, LEAST_TEXTS):
        hours = _words_of_hours(of_hours, window, database, model)
    _add_words(window, stored, of_hours, hours)
    return window


def _words_of_hours(
    sums: WindowSums, window: GatheredWindow, database: Database, model: tuple[str, int | None]
) -> set[datetime]:
    """Add the words of whole hours; return these."""
    found = drift_sums.hourly(
        database,
        model_name=model[0],
        model_version=model[1],
        since=window.start,
        until=window.end - _HOUR + timedelta(microseconds=1),
    )
    return {one.hour for one in found if sums.add_words_of(one.state)}


def _add_words(
    window: GatheredWindow, stored: WindowSums, of_hours: WindowSums, hours: Collection[datetime]
) -> None:
    """Add the words of stored texts or whole hours.

    The hours count where they tell of more texts.
    """
    kept, texts = stored.read_texts, window.sums.texts
    window.why_no_words = (
        f"Needs the texts; {kept:,} of {texts:,} are stored (PRIVACY__KEEP_TEXTS, PRIVACY__TEXTS_DAYS)."
    )
    if hours and of_hours.read_texts > kept:
        window.sums.add_words_of(of_hours.state())
        why = f"Only {kept:,} texts are stored" if kept else "No texts are stored"
        window.notes.append(
            f"{why}: the words are those of {of_hours.read_texts:,} predictions, from the "
            f"sums of {len(hours):,} whole hours, {min(hours):%Y-%m-%d %H:%M} to "
            f"{max(hours) + _HOUR:%H:%M} UTC."
        )
        return
    window.sums.add_words_of(stored.state())
    if 0 < kept < texts:
        window.notes.append(f"The words of {kept:,} of {texts:,} texts were read: the others are not stored.")


def window_of_file(
    file: Path,
    text_column: str,
    classifier: Predicts,
    profile: TextProfile,
    recipe: Recipe,
    knows: KnowsWord | None,
    *,
    now: datetime,
) -> GatheredWindow:
    """Predict a file's texts and gather them.

    Raises:
        TableInvalid: it cannot be read, or has no such column.
    """
    check_plain_file(file)
    window = GatheredWindow(WindowSums(profile), "file", now, now)
    left_out = 0
    with open_source(file, text_column) as rows:
        for chunk in rows.chunks():
            texts = [text for text in chunk.texts if isinstance(text, str)]
            left_out += len(chunk.texts) - len(texts)
            probabilities = np.array([one.probabilities for one in classifier.predict_many(texts)])
            window.add_predictions(probabilities, [len(text) for text in texts])
            window.sums.add_texts(texts, recipe, knows)
            window.keep_some(texts)
        window.notes += rows.notes()
    if left_out:
        window.notes.append(f"Rows without a text, left out: {left_out:,}.")
    return window
