"""Measured processor time of predictions, for a version's card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from time import process_time

from opinionlens.classifiers.classifier import Classifier

# A Transformer takes some 5 ms a text: about three seconds for both figures.
ALONE_TEXTS, TOGETHER_TEXTS = 100, 200
# The first texts load what is loaded once.
_WARM_UP = 5
_MICROSECONDS = 1e6

Clock = Callable[[], float]


def speed_of(
    classifier: Classifier, texts: Sequence[str], *, clock: Clock = process_time
) -> dict[str, float]:
    """Return processor time a text, alone and among many.

    In microseconds of all threads; by the clock a busy machine would count, too. Of texts one by one it is
    the median, of many at a time the better of two. {"n": 0} without any texts.
    """
    asked = list(texts[:TOGETHER_TEXTS])
    if not asked:
        return {"n": 0}
    for text in asked[:_WARM_UP]:
        classifier.predict(text)
    alone = [_seconds(partial(classifier.predict, text), clock) for text in asked[:ALONE_TEXTS]]
    together = min(_seconds(partial(classifier.predict_many, asked), clock) for _ in range(2))
    return {
        "n": len(asked),
        "alone_us": round(median(alone) * _MICROSECONDS, 1),
        "together_us": round(together / len(asked) * _MICROSECONDS, 1),
    }


def _seconds(work: Callable[[], object], clock: Clock) -> float:
    before = clock()
    work()
    return clock() - before
