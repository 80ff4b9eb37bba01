"""Kinds of texts and languages missing from a model's training."""

from __future__ import annotations

from collections.abc import Iterable

from opinionlens.datasets.card import Genre
from opinionlens.datasets.catalogue import CARDS


def not_trained_on(sources: Iterable[str]) -> str | None:
    """Return a sentence on the gaps of the sources.

    It says as much as their cards do; None if none has a card. A source without one is a file of the user's
    own: its content is not known here.
    """
    sources = list(dict.fromkeys(sources))
    cards = [CARDS[source] for source in sources if source in CARDS]
    if not cards:
        return None
    own = [source for source in sources if source not in CARDS]
    held = {card.genre for card in cards}
    kinds = ", ".join(genre.value for genre in Genre if genre not in held)
    languages = " and ".join(sorted({card.language for card in cards if card.language}))
    beside = f"Beside what your own files hold ({', '.join(own)}), it" if own else "It"
    return f"{beside} was not trained on {kinds}, nor on any language but {languages}."
