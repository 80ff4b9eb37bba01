"""Answers of a challenger to a share of served texts.

They are made from the prediction log, never in the path of a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from opinionlens.base.errors import InputError, VersionNotFound
from opinionlens.classifiers.classifier import Classifier
from opinionlens.registry import Registry, Version
from opinionlens.registry.challenger import challenger_of
from opinionlens.registry.port import CHAMPION
from opinionlens.storage import Database, shadow_answers
from opinionlens.storage.shadow_answers import ServedText, ShadowAnswer, ShadowVersion

# The alias of the version that waits; any other alias of the registry may be named, too.
CHALLENGER = "challenger"
# Of one run. A Transformer takes ten seconds for them; what is left waits for the next run.
MOST_TEXTS = 2_000
# An exit status that means: there is no version to answer.
NO_CHALLENGER = 4

_HEX_DIGITS = 8
_ENDS = 16.0**_HEX_DIGITS


@dataclass(frozen=True, slots=True)
class Challenger:
    """A version that answers unseen, loaded."""

    version: ShadowVersion
    classifier: Classifier


@dataclass(frozen=True, slots=True)
class ShadowRun:
    """The result of one run.

    `waiting` tells whether the run had to leave texts for the next one.
    """

    version: ShadowVersion
    answered: int
    differing: int
    waiting: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "model_name": self.version.name,
            "model_version": self.version.number,
            "answered": self.answered,
            "differing": self.differing,
            "waiting": self.waiting,
        }


def is_in_share(prediction_id: UUID, share: float) -> bool:
    """Tell whether a prediction belongs to a share of all.

    Always the same answer for one prediction; a larger share holds all of a smaller one.
    """
    # An id is random to its end.
    return int(prediction_id.hex[-_HEX_DIGITS:], 16) < share * _ENDS


def find_challenger(registry: Registry, name: str, wanted: str) -> Version | None:
    """Return the version that is to answer beside the champion.

    Args:
        registry: where the versions are.
        name: of the model.
        wanted: a number or an alias. Where no version has the alias `challenger`, it is the newest servable
            one that is newer than the champion.

    Raises:
        VersionNotFound: there is no such number or alias.
        RegistryError: it does not answer.
    """
    champion = _by_alias(registry, name, CHAMPION)
    if wanted.isdecimal():
        found: Version | None = registry.version(name, int(wanted))
    elif wanted == CHALLENGER:
        found = _by_alias(registry, name, CHALLENGER) or _newest(registry, champion)
    else:
        found = registry.by_alias(name, wanted)
    return None if found is None or (champion and champion.number == found.number) else found


def answer_beside(
    database: Database, challenger: Challenger, *, share: float, most: int = MOST_TEXTS
) -> ShadowRun:
    """Let the challenger answer waiting texts; store its answers.

    Raises:
        InputError: the prediction log keeps no texts.
        StorageUnavailable: the database does not answer; what was stored stays, the next run goes on.
    """
    if not shadow_answers.has_texts(database):
        raise InputError(
            "The prediction log keeps no texts, so a challenger has nothing to answer.",
            remedy="Start the app with PRIVACY__KEEP_TEXTS=true, or set WORKER__SHADOW_SHARE=0.",
        )
    ids = shadow_answers.waiting(
        database, challenger.version, is_wanted=lambda one: is_in_share(one, share), most=most + 1
    )
    answered = differing = 0
    for texts in shadow_answers.served_texts(database, ids[:most]):
        answers = _answers(challenger, texts)
        shadow_answers.add(database, answers)
        answered += len(answers)
        differing += sum(each.pair.differs for each in answers)
    return ShadowRun(challenger.version, answered, differing, waiting=len(ids) > most)


def _answers(challenger: Challenger, texts: list[ServedText]) -> list[ShadowAnswer]:
    predicted = challenger.classifier.predict_many([each.text for each in texts])
    return [
        ShadowAnswer(served, challenger.version, answer)
        for served, answer in zip(texts, predicted, strict=True)
    ]


def _newest(registry: Registry, champion: Version | None) -> Version | None:
    if champion is None:
        return None
    servable = [each for each in registry.versions(champion.name) if each.servable]
    return challenger_of((champion.name, champion.number), servable)


def _by_alias(registry: Registry, name: str, alias: str) -> Version | None:
    try:
        return registry.by_alias(name, alias)
    except VersionNotFound:
        return None
