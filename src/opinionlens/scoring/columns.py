"""The columns that scoring adds, and what becomes of an input column that has one of their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple, Self

from opinionlens.classifiers.classifier import Prediction

# Probabilities are written to as many places; more would promise what no calibration keeps.
PLACES = 6
RENAMED_PREFIX = "input_"


class RowProblem(Enum):
    """Why a row has no verdict; the value is what its column `error` says."""

    NO_TEXT = "the text is missing or empty"
    NOT_TEXT = "the text is not a string"
    TOO_FEW_COLUMNS = "the row has fewer columns than the header"
    TOO_MANY_COLUMNS = "the row has more columns than the header; what is too much stands in the last one"
    BROKEN_QUOTES = "a quotation mark is not closed, or stands inside a cell that is not quoted properly"
    NOT_JSON = "the line is not valid JSON; it stands in `input_line`"
    NOT_AN_OBJECT = "the line is JSON, but not an object; it stands in `input_line`"


class Verdict(NamedTuple):
    """What is added to one row; None where there is none."""

    prediction: str | None
    confidence: float | None
    uncertain: bool | None
    p_negative: float | None
    p_neutral: float | None
    p_positive: float | None
    model_name: str
    model_version: str
    error: str | None

    @classmethod
    def of(cls, prediction: Prediction, model_name: str, model_version: str) -> Self:
        """Return the verdict of a row that was scored."""
        negative, neutral, positive = (round(value, PLACES) for value in prediction.probabilities)
        return cls(
            prediction=prediction.label.value,
            confidence=round(prediction.confidence, PLACES),
            uncertain=prediction.uncertain,
            p_negative=negative,
            p_neutral=neutral,
            p_positive=positive,
            model_name=model_name,
            model_version=model_version,
            error=None,
        )

    @classmethod
    def none(cls, problem: RowProblem, model_name: str, model_version: str) -> Self:
        """Return the verdict of a row that could not be scored."""
        return cls(None, None, None, None, None, None, model_name, model_version, problem.value)


ADDED = Verdict._fields


def renamed(columns: Sequence[str]) -> list[str]:
    """Return the names under which the input's columns are written.

    A column that has the name of an added one is written as `input_…`: whoever reads `prediction` from the
    output must get this run's, and nothing of the input may be lost.
    """
    taken = set(columns) | set(ADDED)
    return [_free_name(column, taken) if column in ADDED else column for column in columns]


def renaming_note(columns: Sequence[str]) -> str | None:
    """Say which columns were renamed, if any."""
    pairs = [f"`{old}` → `{new}`" for old, new in zip(columns, renamed(columns), strict=True) if old != new]
    return f"Input columns renamed, because scoring adds theirs: {', '.join(pairs)}." if pairs else None


def listed(columns: Iterable[str], limit: int = 30) -> str:
    """Return the names for a message, shortened to what a person reads."""
    names = [f"`{name[:60]}`" for name in columns]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more if names else "none"


def _free_name(column: str, taken: set[str]) -> str:
    name = RENAMED_PREFIX + column
    while name in taken:
        name = RENAMED_PREFIX + name
    taken.add(name)
    return name
