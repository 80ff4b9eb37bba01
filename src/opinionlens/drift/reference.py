"""The drift reference: a profile of a classifier's training texts.

It is written into the artifact as data. It holds shares, means and the words of many texts only: no text can
be rebuilt from it. All that is measured here on the training data can be measured later on predictions, too;
only true labels are known from feedback alone there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.base.typed_json import JsonUnfit, read_dataclass
from opinionlens.drift.profile import TextProfile
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import NEGATED, Recipe

FORMAT = 2
# Format 1 has no profile for windows.
FORMATS = (1, FORMAT)
REFERENCE_NAME = "reference.json"

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# About doubling: tweets fill the bins from 20 to 280 and reviews those above. Fixed: histograms must compare.
LENGTH_EDGES = (10.0, 20.0, 40.0, 80.0, 120.0, 160.0, 280.0, 560.0, 1120.0, 2240.0, 4480.0)
SHARE_EDGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

# Tokenising 50,000 reviews takes half a minute, and this many texts fix a share to half a point.
_TOKENISED_AT_MOST = 20_000


@dataclass(frozen=True)
class Distribution:
    """The distribution of one number over the texts.

    Texts that lack the number are left out. `edges` are the inner limits of the histogram's bins, a value on
    an edge belonging to the bin above; `shares` has one entry more than `edges`, because the outer bins are
    open. `quantiles` maps "0.05" to the 5 % one.
    """

    n: int
    mean: float
    quantiles: Mapping[str, float]
    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Reference:
    """The profile of a classifier's training texts.

    Shares are by label; `known_share` is None for a vocabulary without single words.

    Attributes:
        n: texts.
        recipe: identifier of the recipe that found the words.
        label_shares: of the true labels.
        predicted_shares: of the labels predicted for texts held out of training.
        mean_probabilities: of the same predictions.
        confidence: the winning probability of the same predictions.
        length_chars: code points of the raw text.
        known_share: of a text's words that are in the vocabulary; texts without words are left aside.
        sources: texts by source.
        profile: what windows of served texts are compared with; None in format 1.
    """

    n: int
    recipe: str
    label_shares: Mapping[str, float]
    predicted_shares: Mapping[str, float]
    mean_probabilities: Mapping[str, float]
    confidence: Distribution
    length_chars: Distribution
    known_share: Distribution | None
    sources: Mapping[str, int]
    profile: TextProfile | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the profile as JSON values, with the format's number."""
        return {"format": FORMAT, **asdict(self)}

    def as_bytes(self) -> bytes:
        """Return the content of `reference.json`.

        The same profile gives the same bytes.
        """
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the profile that `as_bytes` wrote.

        Raises:
            ArtifactUnsupported: another format, or fields that this version of the code does not write.
        """
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise _unsupported(f"is not JSON: {error}") from error
        found = values.pop("format", None) if isinstance(values, dict) else None
        if isinstance(found, bool) or found not in FORMATS:
            raise _unsupported(f"is not of format {FORMAT}")
        if found == 1:
            values = {"profile": None} | values
        try:
            reference = read_dataclass(cls, values)
        except JsonUnfit as error:
            raise _unsupported(f"cannot be read: its {error.where} {error.what}") from error
        for one in (reference.confidence, reference.length_chars, reference.known_share):
            if one is not None and len(one.shares) != len(one.edges) + 1:
                raise _unsupported("has a histogram whose shares do not fit its edges")
        return reference


def build_reference(
    *,
    texts: Sequence[str],
    labels: Sequence[str],
    sources: Sequence[str],
    probabilities: NDArray[np.floating],
    known_words: Collection[str],
    recipe: Recipe,
    profile: TextProfile | None = None,
) -> Reference:
    """Profile the training data.

    Args:
        texts: raw.
        labels: true labels, row by row.
        sources: names of the data sets, row by row.
        probabilities: out-of-fold ones, a column per label in the order of `LABELS`: on texts that it was
            fitted on a classifier is surer than it will ever be again.
        known_words: the vocabulary's word n-grams; only single words count. They are looked up in at most
            20,000 texts, evenly spread.
        recipe: finds the words.
        profile: what windows are compared with, by `profile_building`.

    Raises:
        ValueError: no rows, or columns of different length.
    """
    if not len(texts) == len(labels) == len(sources) == len(probabilities) or not len(texts):
        raise ValueError("The same rows are expected everywhere, and at least one.")
    by_label = np.bincount(probabilities.argmax(axis=1), minlength=len(LABELS)) / len(texts)
    counted = Counter(labels)
    return Reference(
        n=len(texts),
        recipe=recipe.identifier,
        label_shares={label.value: _rounded(counted[label] / len(texts)) for label in LABELS},
        predicted_shares=_by_label(by_label),
        mean_probabilities=_by_label(probabilities.mean(axis=0)),
        confidence=describe(probabilities.max(axis=1), SHARE_EDGES),
        length_chars=describe([len(text) for text in texts], LENGTH_EDGES),
        known_share=_known_share(texts, known_words, recipe),
        sources=dict(sorted(Counter(sources).items())),
        profile=profile,
    )


def describe(values: ArrayLike, edges: Sequence[float]) -> Distribution:
    """Return mean, quantiles and histogram of at least one number."""
    array = np.asarray(values, dtype=np.float64)
    places = np.searchsorted(np.asarray(edges), array, side="right")
    shares = np.bincount(places, minlength=len(edges) + 1) / len(array)
    return Distribution(
        n=len(array),
        mean=_rounded(array.mean()),
        quantiles={
            str(q): _rounded(value) for q, value in zip(QUANTILES, np.quantile(array, QUANTILES), strict=True)
        },
        edges=tuple(edges),
        shares=tuple(_rounded(share) for share in shares),
    )


def _known_share(texts: Sequence[str], known_words: Collection[str], recipe: Recipe) -> Distribution | None:
    singles = {term for term in known_words if " " not in term}
    if not singles:
        return None
    step = -(-len(texts) // _TOKENISED_AT_MOST)
    shares = list(_shares_known(texts[::step], singles, recipe))
    return describe(shares, SHARE_EDGES) if shares else None


def _shares_known(texts: Iterable[str], known: set[str], recipe: Recipe) -> Iterable[float]:
    """Yield each text's share of known words.

    Words are counted as the classifiers do for familiarity: a word begins with a letter; emoji and `<url>`
    are no words.
    """
    for text in texts:
        words = [token for token in recipe.tokens(text) if token[0].isalpha()]
        if recipe.negation_scope:
            words = [word.removesuffix(NEGATED) for word in words]
        if words:
            yield sum(map(known.__contains__, words)) / len(words)


def _by_label(values: NDArray[np.floating]) -> dict[str, float]:
    return {label.value: _rounded(value) for label, value in zip(LABELS, values, strict=True)}


def _rounded(value: float | np.floating) -> float:
    # Digits beyond these are noise, and would differ between machines.
    return round(float(value), 6)


def _unsupported(what: str) -> ArtifactUnsupported:
    return ArtifactUnsupported(
        f"The drift reference {what}.",
        where=REFERENCE_NAME,
        remedy="Train the classifier again with this version.",
    )
