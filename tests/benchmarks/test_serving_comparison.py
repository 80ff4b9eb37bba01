"""The tables of the serving benchmark say what was measured, and only a model that is worth it is served."""

import numpy as np
import pytest
from benchmarks.serving.comparison import NOTHING, Turn, summary, table
from benchmarks.serving.contenders import OURS
from benchmarks.serving.load import Load
from benchmarks.serving.model import check_quality

from opinionlens.text.labels import LABELS

ROWS = [(f"text {number}", LABELS[number % 3].value) for number in range(30)]


def turn(requests: int, processor_seconds: float) -> Turn:
    return Turn(Load(requests, seconds=2.0, failed=0, p50_ms=1.0, p99_ms=9.0), processor_seconds)


class StandIn(dict):
    """A pipeline that answers as it is told."""

    def __init__(self, answers):
        super().__init__(model=self)
        self.n_iter_ = np.array([7])
        self._answers = answers

    def predict(self, texts):
        return np.array(self._answers[: len(texts)], dtype=object)


def test_processor_time_is_compared_with_the_best_of_the_others_in_each_round():
    measured = {
        OURS.name: [turn(1_000, 0.2), turn(1_000, 0.25)],
        NOTHING: [turn(2_000, 0.2), turn(2_000, 0.2)],
        "slow": [turn(100, 0.4), turn(100, 0.4)],
        "less slow": [turn(500, 0.6), turn(400, 0.4)],
    }
    first, second, third = summary(measured).splitlines()
    assert first.startswith(
        "- processor time a request, the best of the others / OpinionLens: 5.0 (4.0 to 6.0)"
    )
    assert second.startswith("- requests/s, OpinionLens / the best of the others: 2.2 (2.0 to 2.5)")
    assert third.startswith("- requests/s, OpinionLens / its route that does nothing: 0.50 ")
    ours, *_, less_slow = table(measured).splitlines()[2:]
    assert ours == "| OpinionLens | 225 (200 to 250) |  | 500 |  | 9.0 | 0 |"
    assert less_slow.startswith(
        "| less slow | 1,100 (1,000 to 1,200) | 5.00 (4.00 to 6.00) | 225 (200 to 250) |"
    )


def test_a_model_that_answers_one_class_to_everything_is_not_served(capsys):
    with pytest.raises(SystemExit, match="not worth serving"):
        check_quality(StandIn(["NEGATIVE"] * 30), ROWS)
    assert "macro F1 on 30 tweets: 0.167; NEGATIVE 100%, NEUTRAL 0%, POSITIVE 0%" in capsys.readouterr().out


def test_a_model_that_tells_them_apart_is_served(capsys):
    check_quality(StandIn([label for _, label in ROWS]), ROWS)
    assert "7 iterations; macro F1 on 30 tweets: 1.000" in capsys.readouterr().out
