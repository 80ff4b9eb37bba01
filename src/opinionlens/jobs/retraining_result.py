"""The order and the result of a retraining."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

# Exit statuses beside 0 and 1.
NOT_GOOD_ENOUGH, NOTHING_NEW = 3, 4


class RetrainingOutcome(StrEnum):
    """How a retraining ended."""

    PROMOTED = "promoted"
    PROPOSED = "proposed"
    REFUSED = "refused"
    NOTHING_NEW = "nothing_new"
    TOO_LITTLE = "too_little"


@dataclass(frozen=True)
class RetrainingOrder:
    """The options of a retraining.

    Attributes:
        files: labelled files.
        feedback: take the app's feedback, reviews included.
        propose: register the version, and leave the champion in its place.
        trust_readers: let labels of readers decide, too.
        trials: tune with so many; None for the champion's parameters.
        least: so many new texts are needed.
        seconds: time limit of everything.
    """

    files: tuple[Path, ...] = ()
    feedback: bool = True
    propose: bool = False
    trust_readers: bool = False
    trials: int | None = None
    least: int = 50
    seconds: float = 7_200.0


@dataclass(frozen=True)
class RetrainingResult:
    """The end of a retraining.

    Attributes:
        outcome: how it ended.
        run: the name of the run; of one that found nothing new, of the earlier one; empty without one.
        reasons: sentences.
        labels: numbers of labels that took part: `new`, `readers` and `earlier` ones.
        version: the number of the registered version.
        champion: the number of the champion before.
        artifact: the digest of the new classifier.
        fitted: how it was fitted, in words.
        details: the numbers behind the decision.
        left_out: numbers of the other labels by reason.
        at: when it ended.
    """

    outcome: RetrainingOutcome
    run: str
    reasons: tuple[str, ...]
    labels: Mapping[str, int] = field(default_factory=dict)
    version: int | None = None
    champion: int | None = None
    artifact: str | None = None
    fitted: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "outcome": self.outcome.value,
            "run": self.run,
            "reasons": list(self.reasons),
            "labels": dict(self.labels),
            "left_out": dict(self.left_out),
            "version": self.version,
            "champion": self.champion,
            "artifact": self.artifact,
            "fitted": self.fitted,
            "details": dict(self.details),
            "at": self.at.isoformat(),
        }


def result_from(content: Mapping[str, Any]) -> RetrainingResult:
    """Read a result back from its JSON values."""
    known = {name: content[name] for name in RetrainingResult.__dataclass_fields__ if name in content}
    return RetrainingResult(
        **known
        | {
            "outcome": RetrainingOutcome(content["outcome"]),
            "reasons": tuple(content["reasons"]),
            "at": datetime.fromisoformat(content["at"]),
        }
    )
