"""The report on one's own texts, as plain values.

All pages and files show the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.reliability import ReliabilityBin
from opinionlens.text.labels import Label

FORMAT = 1
# What the zero rule is called, as there is no model of that name.
COMMONEST = "Commonest class"


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The origin of the rows.

    Attributes:
        file: the name of the file.
        text_column: the column of the texts.
        label_column: the column of the labels.
        rows_in: how many rows the file has.
        usable: how many have a text and a label that is understood; the sample is drawn from them.
        left_out: the other rows by reason.
        meanings: the class that each label was taken for; None for those left out.
        notes: how the file was read, where that is unusual.
        seed: the sample was drawn with it.
    """

    file: str
    text_column: str
    label_column: str
    rows_in: int
    usable: int
    left_out: Mapping[str, int]
    meanings: Mapping[str, Label | None]
    notes: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """The scores of one class against the rest.

    None where a share would be of nothing.
    """

    label: Label
    support: int
    predicted: int
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The scores of the model.

    `confusion` has the truth in rows, in the order of `LABELS`.
    """

    name: str
    accuracy: Interval
    macro_f1: Interval
    macro_recall: Interval
    classes: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Another model's scores on the same rows.

    `ahead` is how far the model's macro F1 is above this one's. `ece` is None where there are no
    probabilities.
    """

    name: str
    accuracy: float
    macro_f1: float
    macro_recall: float
    ece: float | None
    ahead: Interval


@dataclass(frozen=True, slots=True)
class CalibrationFacts:
    """Confidence against truth.

    A perfect model's `ece` rarely exceeds `by_chance` on so few rows.
    """

    ece: float
    by_chance: float
    mean_confidence: float
    accuracy: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Certainty:
    """The share of uncertain predictions, and both error rates.

    Of the uncertain ones and of the others.
    """

    uncertain: Interval
    by_reason: Mapping[str, int]
    error_of_certain: Interval | None
    error_of_uncertain: Interval | None


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A wrong prediction.

    `row` is its number in the file, `uncertain` the reason if it is marked so.
    """

    row: int
    text: str
    truth: Label
    predicted: Label
    confidence: float
    uncertain: str | None


@dataclass(frozen=True, slots=True)
class OwnDataReport:
    """The measures of one model on one file.

    `trained_on` names the data sets that the model was trained on.
    """

    data: DataFacts
    n: int
    two_class: bool
    trained_on: tuple[str, ...]
    figures: Figures
    compared: tuple[Compared, ...]
    without_champion: str | None
    calibration: CalibrationFacts
    certainty: Certainty
    wrong: tuple[WrongAnswer, ...]

    @property
    def is_sample(self) -> bool:
        """Whether there were more rows than were taken."""
        return self.n < self.data.usable

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {"format": FORMAT} | asdict(self)
