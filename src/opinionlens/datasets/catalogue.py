"""The datasets with a card, and the selection among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opinionlens.base.errors import ParamsInvalid
from opinionlens.datasets import airline_tweets, amazon_food, brand_tweets, imdb, tweet_eval
from opinionlens.datasets.card import Card

CARDS: dict[str, Card] = {
    "brand_tweets": brand_tweets.CARD,
    "imdb": imdb.CARD,
    "amazon_food": amazon_food.CARD,
    "airline_tweets": airline_tweets.CARD,
    "tweet_eval": tweet_eval.CARD,
}


def select_cards(sources: Sequence[str], own: Iterable[Card] = ()) -> tuple[Card, ...]:
    """Return the cards in `sources`, then the remaining `own`.

    `own` are the cards of the user's files; both keep their order.

    Raises:
        ParamsInvalid: a name is unknown, given twice, or an own file takes the name of a known dataset.
    """
    own = list(own)
    for position, card in enumerate(own):
        if card.name in CARDS or any(card.name == other.name for other in own[:position]):
            raise ParamsInvalid(
                f"the name `{card.name}` is taken", where="data.files", remedy="Choose another."
            )
    known = CARDS | {card.name: card for card in own}
    unknown = [name for name in sources if name not in known]
    if unknown:
        raise ParamsInvalid(
            f"unknown dataset {', '.join(f'`{name}`' for name in unknown)}; known: {', '.join(known)}",
            where="data.sources",
        )
    if len(set(sources)) < len(sources):
        raise ParamsInvalid("a dataset is named twice", where="data.sources")
    return tuple(known[name] for name in dict.fromkeys([*sources, *(card.name for card in own)]))
