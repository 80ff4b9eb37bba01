"""The columns that are added to each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from opinionlens.classifiers.prediction import Prediction
from opinionlens.tabular.row_problems import RowProblem

# Decimal places of probabilities; more would promise a precision that no calibration has.
PLACES = 6


class ResultRow(NamedTuple):
    """The values added to one row; None where missing."""

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
        """Return the values for a row with a prediction."""
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
        """Return the values for a row without a prediction."""
        return cls(None, None, None, None, None, None, model_name, model_version, problem.value)


_NUMBERS = frozenset(("confidence", "p_negative", "p_neutral", "p_positive"))
ADDED: Mapping[str, type] = {
    name: float if name in _NUMBERS else bool if name == "uncertain" else str for name in ResultRow._fields
}


def renaming_note(renamings: Mapping[str, str]) -> str | None:
    """Return a sentence on the renamed columns, if any."""
    pairs = [f"`{old}` → `{new}`" for old, new in renamings.items()]
    return (
        f"Input columns renamed, because the predictions add theirs: {', '.join(pairs)}." if pairs else None
    )
