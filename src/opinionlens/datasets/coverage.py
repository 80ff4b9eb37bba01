"""What kinds of texts and languages a model has not learnt from."""

from __future__ import annotations

from collections.abc import Iterable

from opinionlens.datasets.card import Genre
from opinionlens.datasets.catalogue import CARDS


def not_trained_on(sources: Iterable[str]) -> str | None:
    """Return one sentence on what the sources lack, as far as their cards say; None without a card.

    A source without one is a file of the user's own: what it holds is not known here.
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
