"""The order of the review queue. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opinionlens.classifiers.prediction import Prediction
from opinionlens.classifiers.prediction_pair import PredictionPair
from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.storage.review_queue import ReviewCandidate
from opinionlens.text.near_duplicates import NearDuplicates, words_of

PredictMany = Callable[[Sequence[str]], Sequence[Prediction]]

# The active model looks at so many of the most promising texts again; more would cost a page too much.
_LOOKED_AT = 300
_DISPUTED, _CHALLENGED, _FOREIGN = 1.0, 0.75, 0.5
_UNDECIDED = 0.2


@dataclass(frozen=True, slots=True)
class RankedText:
    """A text in the queue, with reasons for its place."""

    candidate: ReviewCandidate
    value: float
    reasons: tuple[str, ...]


def rank(
    candidates: Sequence[ReviewCandidate],
    done: Sequence[str],
    predict_many: PredictMany | None = None,
    challenger: PredictMany | None = None,
) -> list[RankedText]:
    """Return the texts with the most to teach, best first.

    A label teaches most where a reader or the version that may come next disagrees with the model, where two
    labels are about as likely, and where the model does not know the words. Of texts nearly the same one is
    taken, and none that is nearly the same as a labelled or skipped one.

    Args:
        candidates: the texts at hand; at most 300 are returned.
        done: the texts that have a label already, or were skipped.
        predict_many: the active model; None without one.
        challenger: the version that may come next; None without one.
    """
    first = sorted((_valued(each) for each in candidates), key=_order)
    distinct = _one_of_each(first, done)
    if predict_many is None:
        return distinct
    texts = [each.candidate.text for each in distinct]
    answers = predict_many(texts)
    others = answers if challenger is None else challenger(texts)
    return sorted(map(_with_answers, distinct, answers, others), key=_order)


def _order(ranked: RankedText) -> tuple[float, float]:
    return -ranked.value, -ranked.candidate.at.timestamp()


def _valued(candidate: ReviewCandidate) -> RankedText:
    high, second, _ = sorted(candidate.probabilities, reverse=True)
    margin = high - second
    value, reasons = 1.0 - margin, []
    if candidate.reader is not None and candidate.reader is not candidate.label:
        value += _DISPUTED
        reasons.append("A reader disagrees with the model.")
    if margin < _UNDECIDED:
        reasons.append("Two labels are about as likely to the model.")
    return RankedText(candidate, value, tuple(reasons))


def _with_answers(ranked: RankedText, answer: Prediction, other: Prediction) -> RankedText:
    """Add the answers of the active model and its challenger."""
    value, reasons = ranked.value, ranked.reasons
    # The worker may have asked a challenger that this app has not fetched, or cannot load.
    if PredictionPair(answer, other).differs or ranked.candidate.challenger not in (None, answer.label):
        value += _CHALLENGED
        reasons = (*reasons, "The version that may come next answers otherwise.")
    if answer.reason in (UncertainReason.FOREIGN_TEXT, UncertainReason.UNFAMILIAR_TEXT):
        value += _FOREIGN
        reasons = (*reasons, "The model knows few of its words.")
    return RankedText(ranked.candidate, value, reasons)


def _one_of_each(ranked: Sequence[RankedText], done: Sequence[str]) -> list[RankedText]:
    seen = NearDuplicates()
    for text in done:
        seen.add(words_of(text), "done")
    found: list[RankedText] = []
    for each in ranked:
        words = words_of(each.candidate.text)
        if words and seen.find(words) is None:
            seen.add(words, "waiting")
            found.append(each)
        if len(found) == _LOOKED_AT:
            break
    return found
