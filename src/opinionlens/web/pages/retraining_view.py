"""Retrainings in words, for the history page."""

from __future__ import annotations

from dataclasses import dataclass

from opinionlens.base.wording import counted
from opinionlens.storage.retrainings import Retraining


@dataclass(frozen=True, slots=True)
class RetrainingView:
    """One retraining in sentences.

    Attributes:
        sentence: how it ended.
        at: when, for people.
        at_iso: when, for programs.
        data: the labels that took part.
        reasons: of the decision.
    """

    sentence: str
    at: str
    at_iso: str
    data: str
    reasons: tuple[str, ...]


def retraining_view(retraining: Retraining) -> RetrainingView:
    """Return the sentences about a retraining."""
    labels = retraining.body.get("labels") or {}
    new, readers = int(labels.get("new", 0)), int(labels.get("readers", 0))
    fitted = str(retraining.body.get("fitted") or "")
    parts = (counted(new, "new label"), f"{readers:,} more from readers", fitted, f"run {retraining.run}")
    return RetrainingView(
        sentence=_sentence(retraining),
        at=f"{retraining.at:%-d %B %Y, %H:%M} UTC",
        at_iso=retraining.at.isoformat(),
        data=", ".join(part for part in parts if part),
        reasons=retraining.reasons,
    )


def _sentence(retraining: Retraining) -> str:
    named = f"{retraining.model_name} {retraining.model_version}"
    match retraining.outcome:
        case "promoted":
            return f"{named} became the champion."
        case "proposed":
            return f"{named} is proposed: it is better than the champion, which stays until you decide."
        case _ if retraining.model_version is not None:
            return f"{named} was registered, but is not good enough."
        case _:
            return "The new classifier was not good enough; nothing was registered."
