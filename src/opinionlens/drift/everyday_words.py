"""Drift in everyday sentences, for readers without statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opinionlens.drift.windows import MISREAD_ENCODING, WRONG_ENCODING
from opinionlens.text.recipe import NEGATED


@dataclass(frozen=True, slots=True)
class EverydayWords:
    """A measure in everyday words.

    Attributes:
        title: the thing that is looked at.
        moved: the sentence for a value above its threshold.
        usual: the sentence for one below.
    """

    title: str
    moved: str
    usual: str


_LABELS = EverydayWords(
    "How answers are divided",
    "Negative, neutral and positive answers come in other shares than in training.",
    "Negative, neutral and positive answers come in the usual shares.",
)
EVERYDAY: Mapping[str, EverydayWords] = {
    "label_shift": _LABELS,
    "label_drift": EverydayWords(
        "How answers are divided (older measure)",
        _LABELS.moved,
        _LABELS.usual,
    ),
    "confidence_shift": EverydayWords(
        "How sure the model is",
        "The model is surer or less sure of its answers than it used to be.",
        "The model is as sure of its answers as it used to be.",
    ),
    "length_shift": EverydayWords(
        "How long the texts are",
        "The texts are longer, shorter, or cut off at another length.",
        "The texts are as long as usual.",
    ),
    "unknown_terms": EverydayWords(
        "Words that the model does not know",
        "The share of words that the model does not know has changed.",
        "The texts have as many unknown words as usual.",
    ),
    "embedding_drift": EverydayWords(
        "Which words are used, on average",
        "On average the texts use other words.",
        "On average the texts use the usual words.",
    ),
    "embedding_mmd": EverydayWords(
        "The mix of topics and wordings",
        "The texts are about other things, or put things otherwise.",
        "Topics and wordings are mixed as usual.",
    ),
    "term_shift": EverydayWords(
        "The word that moved most",
        "At least one word has become much more or much less frequent.",
        "No word has become much more or much less frequent.",
    ),
    "domain_classifier": EverydayWords(
        "Can texts be told from those of training?",
        "A program that was shown both can tell the new texts from those of training.",
        "A program that was shown both cannot tell the new texts from those of training.",
    ),
}


def everyday(name: str, title: str) -> EverydayWords:
    """Return a measure's everyday words.

    Of a measure that is not known here, from its title.
    """
    return EVERYDAY.get(name) or EverydayWords(
        title, f"{title}: further from training than chance allows.", f"{title}: as usual."
    )


def readable(term: str) -> str:
    """Return a term of a recipe as people write it."""
    if term == WRONG_ENCODING:
        return "broken characters"
    if term == MISREAD_ENCODING:
        return "characters read in a wrong encoding"
    if term.startswith("<") and term.endswith(">"):
        return f"any {term[1:-1]}"
    return f"not … {term.removesuffix(NEGATED)}" if term.endswith(NEGATED) else term
