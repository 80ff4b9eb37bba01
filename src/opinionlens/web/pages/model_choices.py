"""Models that a form offers."""

from __future__ import annotations

from dataclasses import dataclass

from opinionlens.deployment.model_ids import model_id_of
from opinionlens.web.services.asked_models import ACTIVE, WORD_LIST
from opinionlens.web.services.state import Services


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model to choose in a form.

    `value` is its name in the form; `model_id` the id of the version that answers now.
    """

    value: str
    title: str
    model_id: str | None = None


async def model_choices(services: Services) -> list[ModelChoice]:
    """Return the active model, other versions, and the word list."""
    await services.lifecycle.row()
    cards = await services.lifecycle.cached_versions()
    others = [
        ModelChoice(model_id_of(card.name, card.number), f"{card.name} {card.number}")
        for card in cards
        if not services.lifecycle.is_active(card)
    ]
    return [_answering(services), *others, ModelChoice(WORD_LIST, "Built-in word list")]


def _answering(services: Services) -> ModelChoice:
    model = services.store.active or services.store.fallback
    if model is None:
        return ModelChoice(ACTIVE, "What answers now")
    title = model.name if model.version is None else f"{model.name} {model.version}"
    model_id = None if model.version is None else model_id_of(model.name, model.version)
    return ModelChoice(ACTIVE, f"{title} (answers now)", model_id)
