"""The licences of a model's training texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opinionlens.datasets.card import CommercialUse
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.table_card import OWN_LICENCE, OWN_TERMS


@dataclass(frozen=True, slots=True)
class SourceLicence:
    """The licence of a source and its consequences."""

    source: str
    licence: str
    commercial_use: CommercialUse
    terms: str


def licences_of(sources: Iterable[str]) -> tuple[SourceLicence, ...]:
    """Return the licence of each source.

    A source without a card is a file of the user's own.
    """
    return tuple(_licence_of(source) for source in sources)


def warning_of(licences: Iterable[SourceLicence]) -> str | None:
    """Return a warning if a licence forbids commercial use."""
    forbidding = [each.source for each in licences if each.commercial_use is CommercialUse.FORBIDDEN]
    if not forbidding:
        return None
    return (
        f"Some texts that it has learnt from may not be used commercially ({', '.join(forbidding)}). Whether "
        "that binds a model trained on them is a question for your lawyers: ask before it earns money."
    )


def _licence_of(source: str) -> SourceLicence:
    card = CARDS.get(source)
    if card is None:
        return SourceLicence(source, OWN_LICENCE, CommercialUse.NOT_STATED, OWN_TERMS)
    return SourceLicence(source, card.licence, card.commercial_use, card.terms)
