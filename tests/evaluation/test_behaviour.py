from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from opinionlens.evaluation.behaviour import CheckResult, pass_rates, run_checks
from opinionlens.evaluation.expectations import Check, ExpectationKind, Overturns, Same, Says
from opinionlens.text.labels import Label

NEG, POS = Label.NEGATIVE, Label.POSITIVE


def by_word(texts: Sequence[str]) -> np.ndarray:
    """POSITIVE where "good" occurs, NEGATIVE where "bad" does, else NEUTRAL; negation is ignored."""
    rows = [
        [0.1, 0.1, 0.8] if "good" in text else [0.8, 0.1, 0.1] if "bad" in text else [0.2, 0.6, 0.2]
        for text in texts
    ]
    return np.array(rows)


CHECKS = (
    Check(
        "says",
        ExpectationKind.MINIMUM_FUNCTIONALITY,
        (Says("good", POS), Says("fine", POS), Says("bad", NEG)),
    ),
    Check(
        "flips",
        ExpectationKind.DIRECTION,
        (Overturns("good", "not good", POS), Overturns("good", "bad", POS)),
    ),
    Check("same", ExpectationKind.INVARIANCE, (Same(("good Anna", "good Ben")),)),
)


def test_pass_rates_and_failures_in_order() -> None:
    results = run_checks(by_word, CHECKS)
    assert results == (
        CheckResult("says", ExpectationKind.MINIMUM_FUNCTIONALITY, 3, (("fine",),)),
        CheckResult("flips", ExpectationKind.DIRECTION, 2, (("good", "not good"),)),
        CheckResult("same", ExpectationKind.INVARIANCE, 1, ()),
    )
    assert pass_rates(by_word, CHECKS) == {"says": pytest.approx(2 / 3), "flips": 0.5, "same": 1.0}


def test_every_text_is_asked_once_and_in_one_call() -> None:
    calls = []

    def spy(texts: Sequence[str]) -> np.ndarray:
        calls.append(list(texts))
        return by_word(texts)

    run_checks(spy, CHECKS)
    assert calls == [["good", "fine", "bad", "not good", "good Anna", "good Ben"]]


def test_answers_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        run_checks(lambda texts: by_word(texts)[:-1], CHECKS)
    with pytest.raises(ValueError, match="do not fit"):
        run_checks(lambda texts: by_word(texts)[:, :2], CHECKS)
