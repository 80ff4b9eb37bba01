"""Explanation by occlusion: the change when words are missing.

It works for any model, also for one that is no sum of parts. Pictures were explained so by Zeiler and Fergus
(2014), texts by Li, Monroe and Jurafsky ("Understanding Neural Networks through Representation Erasure",
2016). The model is asked once for the text and once for each stretch that is taken out of it: a text of 20
tokens costs as much as 21 predictions, and no text more than `most` + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from opinionlens.classifiers.explanation import Contribution, Explanation, Span
from opinionlens.classifiers.prediction import Prediction
from opinionlens.features.calibration import FloatArray
from opinionlens.text.labels import Label
from opinionlens.text.recipe import Token

MOST_STRETCHES = 100


def explain_by_occlusion(
    text: str,
    tokens: Sequence[Token],
    decide: Callable[[Sequence[str]], FloatArray],
    prediction: Prediction,
    labels: tuple[Label, ...],
    *,
    share: float = 1.0,
    most: int = MOST_STRETCHES,
) -> Explanation:
    """Return the change that each token's removal makes.

    In a text of more than `most` tokens, that of each run of them. The bias is what the changes leave of the
    decision.

    Args:
        text: the text to explain.
        tokens: its tokens with their places.
        decide: decision values (n, k) of texts, before calibration.
        prediction: for the text.
        labels: those of the columns of `decide`.
        share: how much the text is like the training texts.
        most: how many stretches are taken out at most, each by itself.
    """
    places = stretches(tokens, most)
    without = [f"{text[:start]} {text[end:]}" for start, end in places]
    decision, *others = decide([text, *without])
    changes = [decision - other for other in others]
    return Explanation(
        text=text,
        labels=labels,
        decision=tuple(decision.tolist()),
        bias=tuple((decision - np.sum(changes, axis=0)).tolist()),
        contributions=tuple(
            Contribution(text[slice(*place)], "text", tuple(change.tolist()), (place,))
            for place, change in zip(places, changes, strict=True)
        ),
        tokens=tuple(tokens),
        prediction=prediction,
        exact=False,
        share=share,
    )


def stretches(tokens: Sequence[Token], most: int) -> list[Span]:
    """Return places of runs of tokens, at most so many.

    All runs but the last are equally long: one token where there are few.
    """
    size = -(-len(tokens) // most) or 1
    groups = (tokens[start : start + size] for start in range(0, len(tokens), size))
    return [(group[0].start, group[-1].end) for group in groups]
