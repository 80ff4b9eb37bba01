"""A small corpus with a signal that every family can find, counted once."""

from dataclasses import dataclass

import numpy as np
import pytest

from opinionlens.features.counts import Counts
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.text.recipe import RECIPES

SIGNAL = (
    ("awful", "broken", "delayed", "rude", "terrible", "refund", "worst"),
    ("flight", "gate", "monday", "parcel", "schedule", "report", "update"),
    ("great", "happy", "love", "lovely", "smooth", "thanks", "perfect"),
)
NOISE = (
    "the",
    "a",
    "this",
    "my",
    "with",
    "was",
    "and",
    "it",
    "for",
    "to",
    "of",
    "at",
    "me",
    "on",
    "you",
    "is",
)
FACES = (" :(", "", " :)")


@dataclass(frozen=True)
class Corpus:
    texts: list[str]
    codes: np.ndarray


def corpus_of(labels, size, seed):
    random = np.random.default_rng(seed)
    codes = np.array([labels[number % len(labels)] for number in range(size)])
    texts = []
    for code in codes:
        words = [*random.choice(NOISE, 6), *random.choice(SIGNAL[code], 2)]
        if random.random() < 0.2:  # so that nothing is separable
            words.append(random.choice(SIGNAL[random.choice(labels)]))
        random.shuffle(words)
        texts.append(
            " ".join(words) + (FACES[code] if random.random() < 0.3 else "") + "!" * random.integers(3)
        )
    return Corpus(texts, codes)


@dataclass(frozen=True)
class Counted:
    vocabulary: Vocabulary
    train: Corpus
    counts: Counts
    held_out: Corpus
    held_out_counts: Counts


def counted(labels, spec):
    train, held_out = corpus_of(labels, 240, seed=1), corpus_of(labels, 120, seed=2)
    held_out.texts[0] = "zzzz"  # nothing of it is known
    held_out.texts[1] = ""
    vocabulary, counts = Vocabulary.fit(
        spec, train.texts, words=VocabularyLimits(2), chars=VocabularyLimits(2)
    )
    return Counted(vocabulary, train, counts, held_out, vocabulary.transform(held_out.texts))


@pytest.fixture(scope="session")
def all_features():
    return FeatureSpec(RECIPES["social-v1"], (1, 2), (2, 4), lexicon=True, opinions=True)


@pytest.fixture(scope="session")
def three_labels(all_features):
    return counted((0, 1, 2), all_features)


@pytest.fixture(scope="session")
def two_labels(all_features):
    """No text is neutral, as in IMDB."""
    return counted((0, 2), all_features)


@pytest.fixture(scope="session", params=["words", "chars", "words and lexicon"])
def some_features(request):
    """Corpora that lack a block."""
    recipe = RECIPES["plain-v1"]
    specs = {
        "words": FeatureSpec(recipe, (1, 1), None, lexicon=False),
        "chars": FeatureSpec(recipe, None, (1, 3), lexicon=False),
        "words and lexicon": FeatureSpec(recipe, (1, 2), None, lexicon=True),
    }
    return counted((0, 1, 2), specs[request.param])
