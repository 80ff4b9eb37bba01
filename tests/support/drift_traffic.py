"""Made-up posts about brands, with and without drift."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from opinionlens.text.recipe import RECIPES

RECIPE = RECIPES["social-v2"]
GOOD = ("great", "lovely", "happy", "thanks", "excellent")
BAD = ("awful", "late", "terrible", "broken", "rude")
_SYLLABLES = ("ba", "ko", "li", "mer", "nu", "ta", "so", "ven", "ri", "dal")
# Zipf's law over 1,000 made-up words; one in twelve has an accent or a typographic mark.
WORDS = tuple(
    f"{one}{other}{third}" + ("é" if number % 12 == 0 else "") + ("’s" if number % 12 == 6 else "")
    for number, (one, other, third) in enumerate(
        (a, b, c) for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES
    )
)
_WEIGHTS = tuple(1 / (place + 5) for place in range(len(WORDS)))
# Shares of negative, neutral and positive posts.
USUAL = (0.5, 0.3, 0.2)


def posts(
    chance: random.Random, count: int, *, shares: Sequence[float] = USUAL, length: tuple[int, int] = (5, 25)
) -> list[str]:
    """Return posts of made-up words, most of them with a word of opinion."""
    texts = []
    for opinion in chance.choices(("bad", "none", "good"), shares, k=count):
        words = chance.choices(WORDS, _WEIGHTS, k=chance.randint(*length))
        if opinion != "none":
            words.insert(chance.randint(0, len(words)), chance.choice(BAD if opinion == "bad" else GOOD))
        texts.append(" ".join(words))
    return texts


def predictions(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return probabilities of a model that looks for the words of opinion and doubts in long texts."""
    logits = np.zeros((len(texts), 3))
    for row, text in zip(logits, texts, strict=True):
        words = text.lower().split()
        row[0] = sum(word in BAD for word in words)
        row[2] = sum(word in GOOD for word in words)
        row[1] = 0.6
        row *= 4 / (1 + len(text) / 200)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float64)


def known_words(texts: Sequence[str]) -> set[str]:
    """Return the words of two texts or more, as a vocabulary has them."""
    uses: dict[str, int] = {}
    for text in texts:
        for word in set(RECIPE.tokens(text)):
            uses[word] = uses.get(word, 0) + 1
    return {word for word, count in uses.items() if count >= 2}


TRAINING = posts(random.Random(1), 6_000)
# Of some of them, so that there are words that it lacks.
KNOWN = known_words(TRAINING[:1_000])
# Like them, and new to the model: what its profile is made of.
HELD_OUT = posts(random.Random(2), 6_000)
