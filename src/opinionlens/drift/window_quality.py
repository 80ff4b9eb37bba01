"""Quality of a window's answers: expected, realised, and at training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opinionlens.drift.estimated_quality import QualityEstimate
from opinionlens.drift.realised_quality import RealisedQuality
from opinionlens.evaluation.intervals import Interval

# The names of both scores among those of training, of validation rows before those of the test split.
_SCORES = {"accuracy": ("val_accuracy", "test_accuracy"), "macro_f1": ("val_f1_score", "test_f1_score")}


@dataclass(frozen=True)
class WindowQuality:
    """Quality of a window's answers.

    Attributes:
        estimated: from the probabilities alone.
        validation: of held-out labelled texts at training, by metric.
        realised: from feedback, where there is any.
    """

    estimated: QualityEstimate
    validation: Mapping[str, float]
    realised: RealisedQuality | None = None

    def as_body(self) -> dict[str, Any]:
        """Return JSON values for the report."""
        realised = self.realised
        return {
            "texts": self.estimated.texts,
            "estimated": {
                "accuracy": _limits(self.estimated.accuracy),
                "macro_f1": _limits(self.estimated.macro_f1),
            },
            "validation": dict(self.validation),
            "feedback": None
            if realised is None
            else {
                "answers": realised.answers,
                "sources": dict(realised.sources),
                "covered": realised.covered,
                "accuracy": _limits(realised.accuracy),
                "macro_f1": realised.macro_f1,
            },
        }


def held_out_scores(scores: Mapping[str, float]) -> dict[str, float]:
    """Return accuracy and macro F1 among a model's scores."""
    return {
        metric: scores[found]
        for metric, names in _SCORES.items()
        if (found := next((name for name in names if name in scores), None)) is not None
    }


def _limits(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}
