"""The choice of new labels for a retraining.

Old labels stand; nothing nearly the same comes in twice; readers get a bounded share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opinionlens.jobs.new_labels import LabelledText, LabelOrigin
from opinionlens.text.labels import Label
from opinionlens.text.near_duplicates import NearDuplicates, words_of

# The names of the new rows as sources of data: what the champion learnt before, trusted new labels, readers'.
EARLIER, TRUSTED, READERS = "retraining_earlier", "retraining_new", "retraining_readers"
NEW_SOURCES = (EARLIER, TRUSTED, READERS)
# Anybody may give feedback under any name: of all texts so many at most, and of one name a fifth of that.
READERS_SHARE, SOURCE_SHARE = 0.1, 0.02
# Even beside little data.
LEAST_READERS, LEAST_SOURCE = 100, 50

SAME = "already in the training data"
CONTRADICTS = "contradicts the training data"
NEAR_OLD = "nearly the same as a text of the training data"
NEAR_NEW = "nearly the same as another new text"
DISPUTED = "the new labels of the text differ"
OVER_LIMIT = "more from readers than may take part"


@dataclass(frozen=True)
class OldText:
    """A text of the training data as it stands."""

    key: str
    words: frozenset[str]
    label: str


@dataclass(frozen=True)
class Intake:
    """The chosen new labels by source, and the others.

    `left_out` counts the others by reason.
    """

    rows: Mapping[str, tuple[LabelledText, ...]]
    left_out: Mapping[str, int]

    @property
    def new(self) -> int:
        """The number of rows that the champion has not seen."""
        return len(self.rows[TRUSTED]) + len(self.rows[READERS])


def choose(rows: Sequence[LabelledText], known: Mapping[str, Label], old: Iterable[OldText]) -> Intake:
    """Choose among the new labels.

    A text is taken once, with one label. Its side of the split follows from its own words; so that no text
    nearly the same stands on another side, only the first of such texts is taken: the old one, then the one
    that the champion has learnt, the trusted one, the reader's.

    Args:
        rows: labels in the order in which they came.
        known: the labels by key that the champion has learnt from in an earlier retraining.
        old: the texts of the project's own training data, all splits.
    """
    left_out: Counter[str] = Counter()
    one_each = sorted(_one_label_each(rows, left_out), key=lambda row: _rank(row, known))
    one_each, total = _without_old(one_each, old, left_out)
    taken: dict[str, list[LabelledText]] = {name: [] for name in NEW_SOURCES}
    seen = NearDuplicates()
    for row in one_each:
        words = words_of(row.text)
        if seen.find(words) is not None:
            left_out[NEAR_NEW] += 1
            continue
        seen.add(words, row.key)
        source = EARLIER if known.get(row.key) is row.label else TRUSTED if row.origin.is_trusted else READERS
        taken[source].append(row)
    kept = _bounded(taken[READERS], total)
    left_out[OVER_LIMIT] += len(taken[READERS]) - len(kept)
    rows_of = {name: tuple(found) for name, found in taken.items()} | {READERS: tuple(kept)}
    return Intake(rows_of, {reason: count for reason, count in left_out.items() if count})


def _rank(row: LabelledText, known: Mapping[str, Label]) -> int:
    return 0 if known.get(row.key) is row.label else 1 if row.origin.is_trusted else 2


def _one_label_each(rows: Sequence[LabelledText], left_out: Counter[str]) -> list[LabelledText]:
    """Return one row for each text.

    The last review counts, then a file, then readers. Where files or readers contradict themselves the text
    is left out.
    """
    by_key: defaultdict[str, list[LabelledText]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    found = []
    for same in by_key.values():
        for origin in (LabelOrigin.REVIEW, LabelOrigin.FILE, LabelOrigin.READERS):
            of_origin = [row for row in same if row.origin is origin]
            if not of_origin:
                continue
            if origin is LabelOrigin.REVIEW or len({row.label for row in of_origin}) == 1:
                found.append(of_origin[-1])
            else:
                left_out[DISPUTED] += 1
            break
    return found


def _without_old(
    rows: list[LabelledText], old: Iterable[OldText], left_out: Counter[str]
) -> tuple[list[LabelledText], int]:
    """Return rows absent from the old data, and its size."""
    index = NearDuplicates()
    by_key = {row.key: row for row in rows}
    for row in rows:
        index.add(words_of(row.text), row.key)
    gone: dict[str, str] = {}
    total = 0
    for one in old:
        total += 1
        if one.key in by_key:
            gone[one.key] = SAME if by_key[one.key].label.value == one.label else CONTRADICTS
        for key in index.find_all(one.words):
            gone.setdefault(key, NEAR_OLD)
    left_out.update(gone.values())
    return [row for row in rows if row.key not in gone], total


def _bounded(rows: Sequence[LabelledText], total: int) -> list[LabelledText]:
    """Return the readers' rows that take part.

    The order of the keys decides, so that neither time nor number helps one who wants to be taken.
    """
    each = max(LEAST_SOURCE, int(SOURCE_SHARE * total))
    every = max(LEAST_READERS, int(READERS_SHARE * total))
    counts: Counter[str] = Counter()
    kept: list[LabelledText] = []
    for row in sorted(rows, key=lambda row: row.key):
        if counts[row.source] < each and len(kept) < every:
            counts[row.source] += 1
            kept.append(row)
    return kept
