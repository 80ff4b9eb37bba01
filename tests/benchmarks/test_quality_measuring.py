"""The rules by which models and word lists are compared, on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def measuring(benchmarks_on_the_path):
    from benchmarks.quality import measuring

    return measuring


TWO_CLASSES = np.array([0, 0, 2, 2])
THREE_CLASSES = np.array([0, 1, 2, 2])
# Neutral wins every row; the sign is right, wrong, right, and a tie.
CAUTIOUS = np.array([[0.3, 0.6, 0.1], [0.1, 0.6, 0.3], [0.0, 0.6, 0.4], [0.2, 0.6, 0.2]])


def model(measuring, probabilities, uncertain=(False, False, False, False)):
    return measuring.Answers.of_probabilities(np.array(probabilities), np.array(uncertain))


class TestTwoClasses:
    def test_the_sign_decides_and_a_tie_counts_half(self, measuring):
        figures = measuring.figures_of(TWO_CLASSES, model(measuring, CAUTIOUS), None, seed=1)
        assert figures.macro_recall.value == pytest.approx((1 / 2 + 1.5 / 2) / 2)
        # Negative: 1 hit, 2 rows, 1.5 answers. Positive: 1.5 hits, 2 rows, 2.5 answers.
        assert figures.macro_f1.value == pytest.approx((2 / 3.5 + 3 / 4.5) / 2)
        assert figures.error.value == pytest.approx(1.5 / 4)

    def test_the_calibration_is_that_of_the_two_sides(self, measuring):
        # .75 right, .75 wrong, 1 right, .5 of a tie, which goes to the first class and is wrong.
        figures = measuring.figures_of(TWO_CLASSES, model(measuring, CAUTIOUS), None, seed=1)
        assert figures.ece == pytest.approx((2 * 0.25 + 0 + 0.5) / 4)

    def test_a_word_list_without_an_opinion_gets_half(self, measuring):
        silent = measuring.Answers(np.full(4, 1), np.zeros(4))
        figures = measuring.figures_of(TWO_CLASSES, silent, None, seed=1)
        assert figures.macro_recall.value == 0.5
        assert (figures.ece, figures.uncertain, figures.error_when_sure) == (None, None, None)

    def test_what_is_ahead_is_measured_on_the_same_rows(self, measuring):
        right = measuring.Answers(np.full(4, 1), np.array([-1.0, -1.0, 1.0, 1.0]))
        ahead = measuring.figures_of(TWO_CLASSES, model(measuring, CAUTIOUS), right, seed=1).ahead
        assert ahead.value == pytest.approx(0.625 - 1)
        assert -1 <= ahead.low <= ahead.value <= ahead.high <= 0
        same = measuring.figures_of(TWO_CLASSES, right, right, seed=1).ahead
        assert (same.low, same.value, same.high) == (0, 0, 0)


class TestThreeClasses:
    def test_the_most_probable_class_decides(self, measuring):
        figures = measuring.figures_of(THREE_CLASSES, model(measuring, CAUTIOUS), None, seed=1)
        assert figures.macro_recall.value == pytest.approx(1 / 3)
        assert figures.ece == pytest.approx(abs(0.6 - 1 / 4))

    def test_a_side_is_no_answer(self, measuring):
        neutral = measuring.Answers(np.full(4, 1), np.ones(4))
        assert measuring.figures_of(THREE_CLASSES, neutral, None, seed=1).error.value == 0.75


class TestUncertainty:
    def test_marked_answers_are_left_out_of_the_error_of_the_sure_ones(self, measuring):
        answers = model(measuring, CAUTIOUS, [False, True, False, False])
        figures = measuring.figures_of(TWO_CLASSES, answers, None, seed=1)
        assert figures.uncertain == 0.25
        assert figures.error_when_sure.value == pytest.approx(0.5 / 3)
        assert 0 <= figures.error_when_sure.low <= figures.error_when_sure.high <= 0.5

    def test_where_all_are_marked_there_is_none(self, measuring):
        figures = measuring.figures_of(TWO_CLASSES, model(measuring, CAUTIOUS, [True] * 4), None, seed=1)
        assert (figures.uncertain, figures.error_when_sure) == (1.0, None)


def test_the_same_seed_gives_the_same_intervals(measuring):
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 3, 300)
    answers = model(measuring, generator.dirichlet([1, 1, 1], 300), generator.random(300) < 0.2)
    assert measuring.figures_of(truth, answers, None, seed=1) == measuring.figures_of(
        truth, answers, None, seed=1
    )


def test_other_rows_are_refused(measuring):
    with pytest.raises(ValueError, match="same rows"):
        measuring.figures_of(np.array([0, 2]), model(measuring, CAUTIOUS), None, seed=1)
