from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.evaluation.confusion import accuracy, confusion_table, macro_f1, macro_recall
from opinionlens.evaluation.intervals import bootstrap, paired_bootstrap, wilson


def noisy(truth: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The truth, with about this share of rows moved to the next class."""
    moved = np.random.default_rng(seed).random(len(truth)) < share
    return np.where(moved, (truth + 1) % 3, truth)


def test_wilson_published_example() -> None:
    """81 of 263: Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    interval = wilson(81, 263)
    assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert interval.value == pytest.approx(0.30798, abs=5e-6)


@pytest.mark.parametrize(("hits", "low", "high"), [(0, 0.0, 0.2775), (10, 0.7225, 1.0)])
def test_wilson_at_the_ends(hits: int, low: float, high: float) -> None:
    interval = wilson(hits, 10)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**6), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_holds_its_value_and_stays_a_share(n: int, share: float, level: float) -> None:
    interval = wilson(round(share * n), n, level=level)
    assert 0.0 <= interval.low <= interval.value <= interval.high <= 1.0


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_wilson_of_no_share_is_refused(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(hits, n)


def test_bootstrap_of_accuracy_agrees_with_wilson(rows) -> None:
    predicted = noisy(rows.codes, 0.2, seed=1)
    interval = bootstrap(rows.codes, predicted, accuracy, seed=3, resamples=4000, stratified=False)
    expected = wilson(int((predicted == rows.codes).sum()), len(predicted))
    assert interval.value == pytest.approx(expected.value)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=0.001)


def test_bootstrap_of_macro_f1_agrees_with_resampling_of_rows(rows) -> None:
    """The multinomial shortcut against the plain way: draw rows, count, score."""
    truth, predicted = rows.codes[:400], noisy(rows.codes[:400], 0.3, seed=2)
    generator = np.random.default_rng(5)
    slow = []
    for _ in range(3000):
        chosen = generator.integers(0, 400, 400)
        slow.append(float(macro_f1(confusion_table(truth[chosen], predicted[chosen]))))
    interval = bootstrap(truth, predicted, macro_f1, seed=5, resamples=3000, stratified=False)
    assert (interval.low, interval.high) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.005)


def test_stratified_resamples_keep_the_number_of_rows_per_class(rows) -> None:
    seen = []

    def spy(tables: np.ndarray) -> np.ndarray:
        seen.append(tables.sum(axis=-1))
        return accuracy(tables)

    bootstrap(rows.codes, noisy(rows.codes, 0.2, seed=1), spy, seed=1, resamples=50)
    supports = np.bincount(rows.codes, minlength=3)
    assert (seen[1] == supports).all()
    bootstrap(rows.codes, noisy(rows.codes, 0.2, seed=1), spy, seed=1, resamples=50, stratified=False)
    assert (seen[3].sum(axis=1) == len(rows.codes)).all()
    assert (seen[3] != supports).any()


def test_an_absent_class_stays_absent() -> None:
    truth = np.array([0] * 40 + [2] * 60)
    interval = bootstrap(truth, noisy(truth, 0.1, seed=4), seed=4)
    assert 0.8 < interval.low < interval.value < interval.high <= 1.0


def test_the_seed_decides(rows) -> None:
    predicted = noisy(rows.codes, 0.2, seed=1)
    first, again, other = (bootstrap(rows.codes, predicted, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_higher_level_gives_a_wider_interval(rows) -> None:
    predicted = noisy(rows.codes, 0.2, seed=1)
    narrow, wide = (bootstrap(rows.codes, predicted, seed=1, level=level) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_classifier_compared_with_itself_differs_by_nothing(rows) -> None:
    predicted = noisy(rows.codes, 0.2, seed=1)
    found = paired_bootstrap(rows.codes, challenger=predicted, champion=predicted, seed=1)
    assert (found.interval.low, found.interval.value, found.interval.high) == (0.0, 0.0, 0.0)
    assert found.challenger == found.champion


def test_paired_interval_agrees_with_mcnemars_standard_error(rows) -> None:
    """Accuracy on the same rows: the variance of the difference is (b + c - (b - c)² / n) / n²."""
    challenger, champion = noisy(rows.codes, 0.20, seed=1), noisy(rows.codes, 0.22, seed=2)
    found = paired_bootstrap(
        rows.codes,
        challenger=challenger,
        champion=champion,
        statistic=accuracy,
        seed=1,
        resamples=4000,
        stratified=False,
    )
    n = len(rows.codes)
    won = int(((challenger == rows.codes) & (champion != rows.codes)).sum())
    lost = int(((challenger != rows.codes) & (champion == rows.codes)).sum())
    assert found.interval.value == pytest.approx((won - lost) / n)
    reach = 1.96 * np.sqrt(won + lost - (won - lost) ** 2 / n) / n
    assert found.interval.high - found.interval.low == pytest.approx(2 * reach, rel=0.06)


def test_pairing_makes_the_interval_of_like_classifiers_much_narrower(rows) -> None:
    champion = noisy(rows.codes, 0.2, seed=1)
    challenger = np.where(np.arange(len(champion)) < 30, rows.codes, champion)
    found = paired_bootstrap(rows.codes, challenger=challenger, champion=champion, seed=1)
    alone = bootstrap(rows.codes, champion, seed=1)
    assert found.interval.low >= 0.0
    assert found.interval.high - found.interval.low < (alone.high - alone.low) / 4


def test_challenger_minus_champion_has_that_sign(rows) -> None:
    found = paired_bootstrap(
        rows.codes,
        challenger=rows.codes,
        champion=noisy(rows.codes, 0.5, seed=1),
        statistic=macro_recall,
        seed=1,
    )
    assert found.challenger == 1.0
    assert 0.4 < found.interval.low < found.interval.value < found.interval.high < 0.6


def test_rows_have_to_match(rows) -> None:
    with pytest.raises(ValueError, match="same rows"):
        paired_bootstrap(rows.codes, challenger=rows.codes, champion=rows.codes[1:], seed=1)
    with pytest.raises(ValueError, match="same rows"):
        bootstrap(rows.codes, rows.codes[1:], seed=1)
