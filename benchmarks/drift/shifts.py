"""Shifted texts of many kinds, and windows in which they have a share."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.drift.window_check import Answer, answers_of
from benchmarks.estimated_quality import CHANGES
from benchmarks.quality import sets
from numpy.typing import NDArray

from opinionlens.evaluation.codes import label_codes
from opinionlens.jobs.drift_check import CheckedModel

SEED = 42
LANGUAGE_CHARS = (30, 140)
CUT_AFTER = 70
MOST_OF_A_KIND = 5_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """Shifted answers, and the rows of the usual ones that they were made of."""

    answers: Sequence[Answer]
    rows: NDArray[np.int64]


Draw = Callable[[np.random.Generator, int], Drawn | None]
_NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Traffic:
    """Usual answers, and the shifts; a shift gives None where it has too few texts."""

    usual: Sequence[Answer]
    shifts: Mapping[str, Draw]

    def window(
        self, chance: np.random.Generator, size: int, shift: str = "", share: float = 0.0
    ) -> list[Answer] | None:
        """Return a window, no text twice but those of a bot."""
        count = round(size * share)
        parts = self.parts(chance, size - count, shift, count)
        return None if parts is None else [*parts[0], *parts[1]]

    def parts(
        self, chance: np.random.Generator, usual: int, shift: str, shifted: int
    ) -> tuple[list[Answer], list[Answer]] | None:
        """Draw usual and shifted answers, of different texts."""
        drawn = self.shifts[shift](chance, shifted) if shifted else Drawn((), _NO_ROWS)
        if drawn is None:
            return None
        rest = np.setdiff1d(np.arange(len(self.usual)), drawn.rows)
        if len(rest) < usual:
            return None
        rows = chance.choice(rest, usual, replace=False)
        return [self.usual[row] for row in rows], list(drawn.answers)


def usual_traffic(model: CheckedModel, file: Path) -> tuple[Traffic, NDArray[np.int64]]:
    """Return the answers to a file's texts, with the codes of the true labels."""
    frame = pl.read_csv(file)
    usual = answers_of(model, frame["text"].to_list())
    return Traffic(usual, {}), label_codes(frame["label"].to_list())


def with_shifts(
    traffic: Traffic, truth: NDArray[np.int64], model: CheckedModel, others: Mapping[str, Sequence[str]]
) -> Traffic:
    """Add the shifts: other texts by name, and what can befall the usual ones."""
    shifts = {name: _of_pool(answers_of(model, texts)) for name, texts in others.items()}
    changes = {
        "mojibake: UTF-8 read as Windows-1252": CHANGES["mojibake"],
        f"texts cut after {CUT_AFTER} characters": lambda text: text[:CUT_AFTER],
    }
    for name, change in changes.items():
        shifts[name] = _of_rows(answers_of(model, [change(one.text) for one in traffic.usual]))
    shifts["shares of negative and positive swapped"] = _swapped(traffic.usual, truth)
    shifts["a bot that repeats one text"] = _bot(traffic.usual)
    return Traffic(traffic.usual, shifts)


def texts_of_other_kinds(raw_dir: Path, dev: Path, preprocessed: Path) -> dict[str, Sequence[str]]:
    """Read other topics and domains, without the texts that the model has learnt."""
    choice = sets.Choice(seen=sets.keys_in(preprocessed), max_rows=MOST_OF_A_KIND, seed=SEED)
    cards = {
        "new topic: tweets to airlines": "airline_tweets",
        "other domain: film reviews": "imdb",
        "other domain: food reviews": "amazon_food",
    }
    found = {
        name: sets.from_card(card, raw_dir, Path("data/fetched"), choice).texts
        for name, card in cards.items()
    }
    names = {
        "topic_tweets": "new topics: tweets of all kinds",
        "short_reviews": "other domain: short reviews",
    }
    for one in sets.from_dev(dev, sets.BOTH, choice):
        found[names.get(one.name, one.name)] = one.texts
    return found


def messages_in(folder: Path) -> list[str]:
    """Return the sentences of a folder's gettext catalogues, in their language."""
    found = {text for file in sorted(folder.glob("*.mo")) for text in _translations(file.read_bytes())}
    low, high = LANGUAGE_CHARS
    return sorted(text for text in found if low <= len(text) <= high and "%" not in text and "\n" not in text)


def _translations(content: bytes) -> list[str]:
    """Return the translated strings of one catalogue; see the format in gettext's manual."""
    magic, _, count, _, table = struct.unpack_from("<5I", content)
    if magic != 0x950412DE:
        return []
    places = (struct.unpack_from("<2I", content, table + 8 * number) for number in range(count))
    parts = [content[start : start + length] for length, start in places]
    # The first one is the catalogue's head.
    return [text for part in parts[1:] for text in part.decode("utf-8", "replace").split("\0")]


def _of_pool(pool: Sequence[Answer]) -> Draw:
    def draw(chance: np.random.Generator, count: int) -> Drawn | None:
        if count > len(pool):
            return None
        rows = chance.choice(len(pool), count, replace=False)
        return Drawn([pool[row] for row in rows], _NO_ROWS)

    return draw


def _of_rows(changed: Sequence[Answer]) -> Draw:
    def draw(chance: np.random.Generator, count: int) -> Drawn | None:
        rows = chance.choice(len(changed), count, replace=False)
        return Drawn([changed[row] for row in rows], rows)

    return draw


def _swapped(usual: Sequence[Answer], truth: NDArray[np.int64]) -> Draw:
    by_label = [np.flatnonzero(truth == code) for code in range(3)]
    shares = [len(rows) / len(truth) for rows in reversed(by_label)]

    def draw(chance: np.random.Generator, count: int) -> Drawn | None:
        counts = [round(count * share) for share in shares]
        counts[1] = count - counts[0] - counts[2]
        if any(len(rows) < wanted for rows, wanted in zip(by_label, counts, strict=True)):
            return None
        rows = np.concatenate(
            [chance.choice(rows, n, replace=False) for rows, n in zip(by_label, counts, strict=True)]
        )
        chance.shuffle(rows)
        return Drawn([usual[row] for row in rows], rows)

    return draw


def _bot(usual: Sequence[Answer]) -> Draw:
    def draw(chance: np.random.Generator, count: int) -> Drawn:
        row = chance.integers(len(usual))
        return Drawn([usual[row]] * count, np.array([row]))

    return draw
