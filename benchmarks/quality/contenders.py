"""Contenders: classifiers from folders and the registry, the built-in word list, VADER and TextBlob."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.quality.measuring import Answers
from benchmarks.quality.sides import sign_codes
from textblob import TextBlob
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from opinionlens.base.errors import InputError
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.cli.chosen import chosen_classifier
from opinionlens.evaluation.own_data import vader_thresholds
from opinionlens.library.selection import WORD_LIST
from opinionlens.text import vader

VADER, TEXTBLOB = "VADER", "TextBlob"
# The package rounds to four places.
_ROUNDING = 5.1e-5
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Contender:
    """A way to answer texts, by the name that the tables show, and the data sets that it has learnt from."""

    name: str
    answer: Callable[[Sequence[str]], Answers]
    sources: tuple[str, ...] = ()


def word_lists() -> list[Contender]:
    """Return those whom every model is compared with, VADER first."""
    return [Contender(VADER, _vader), Contender(TEXTBLOB, _textblob)]


def from_option(option: str) -> Contender:
    """Return the classifier of `MODEL` or `TITLE=MODEL`, where `MODEL` is what commands take for `--model`.

    Raises:
        ArtifactError: it may not serve.
        RegistryError: it cannot be fetched, and no copy is here.
        InputError: `MODEL` is neither a folder nor a version nor `lexicon`.
    """
    title, _, model = option.rpartition("=")
    if model and Path(model).is_dir():
        return from_folder(title, Path(model))
    chosen = chosen_classifier(model)
    own = "built-in word list" if model == WORD_LIST else f"{chosen.name}@{chosen.version}"
    return _of_classifier(title or own, chosen.classifier)


def with_own_titles(asked: Sequence[Contender]) -> list[Contender]:
    """Return them all; figures are kept by title, so a second one would take the place of the first.

    Raises:
        InputError: a title comes twice.
    """
    title, count = Counter(one.name for one in asked).most_common(1)[0]
    if count > 1:
        raise InputError(
            f"{count} contenders are called {title!r}.", remedy="Name each with TITLE=MODEL after --models."
        )
    return list(asked)


def from_folder(name: str, folder: Path) -> Contender:
    """Return the classifier in a folder; without a name it goes by its family.

    Raises:
        ArtifactError: there is none, or it may not serve.
    """
    classifier = load_classifier(folder)
    return _of_classifier(name or f"{classifier.manifest.training.family} ({folder})", classifier)


def _of_classifier(name: str, classifier: Classifier) -> Contender:
    def answer(texts: Sequence[str]) -> Answers:
        said = [
            one
            for start in range(0, len(texts), _AT_ONCE)
            for one in classifier.predict_many(texts[start : start + _AT_ONCE])
        ]
        return Answers.of_probabilities(
            np.array([one.probabilities for one in said]), np.array([one.uncertain for one in said])
        )

    return Contender(name, answer, classifier.manifest.training.sources)


def _vader(texts: Sequence[str]) -> Answers:
    compounds = np.array([vader.compound(text) for text in texts])
    return Answers(vader_thresholds(compounds), compounds)


def _textblob(texts: Sequence[str]) -> Answers:
    # Its authors name no thresholds: a text without a polarity is neutral.
    polarities = np.array([TextBlob(text).sentiment.polarity for text in texts])
    return Answers(sign_codes(polarities), polarities)


def check_vader(texts: Sequence[str]) -> float:
    """Return the largest difference between our compound and that of the package, before its rounding.

    Raises:
        SystemExit: it is more than rounding, so the figures would not be those of VADER.
    """
    package = SentimentIntensityAnalyzer()
    largest = max(abs(package.polarity_scores(text)["compound"] - vader.compound(text)) for text in texts)
    if largest > _ROUNDING:
        sys.exit(
            f"Our compound differs from the package's by {largest:.2g}: the figures would not be VADER's."
        )
    return largest
