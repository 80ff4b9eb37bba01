from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from sklearn import metrics as peer
from sklearn.linear_model import LogisticRegression

from opinionlens.evaluation.calibration_fit import (
    _loss_and_slope,
    choose_calibration,
    fit_calibration,
    fit_length_scaling,
    fit_temperature,
    fit_vector_scaling,
)
from opinionlens.evaluation.reliability import expected_calibration_error
from opinionlens.features.calibration import Calibration, LengthScaling, Method
from opinionlens.text.labels import Label

NEG, POS = Label.NEGATIVE, Label.POSITIVE


def test_temperature_recovers_a_known_scale(rows) -> None:
    fitted = fit_temperature(rows.decisions * 40.0, rows.codes)
    assert fitted.method is Method.TEMPERATURE
    assert fitted.scale == pytest.approx((1 / 40,) * 3, rel=0.05)
    assert fitted.bias == (0.0, 0.0, 0.0)


def test_temperature_is_the_minimum_of_the_log_loss(rows, softmax) -> None:
    fitted = fit_temperature(rows.decisions * 0.2, rows.codes)
    best = peer.log_loss(rows.codes, fitted.apply(rows.decisions * 0.2))
    for factor in (0.97, 1.03):
        other = softmax(rows.decisions * 0.2 * fitted.scale[0] * factor)
        assert peer.log_loss(rows.codes, other) > best


def test_temperature_never_moves_the_winner(rows) -> None:
    fitted = fit_temperature(rows.decisions, rows.codes)
    assert (fitted.apply(rows.decisions).argmax(axis=1) == rows.decisions.argmax(axis=1)).all()


def test_vector_scaling_recovers_known_scales_and_biases(rows) -> None:
    scale, bias = np.array([0.5, 2.0, 1.0]), np.array([1.0, -2.0, 0.5])
    distorted = (rows.decisions - bias) / scale
    fitted = fit_vector_scaling(distorted, rows.codes)
    assert fitted.scale == pytest.approx(tuple(scale), rel=0.12)
    assert fitted.bias == pytest.approx(tuple(bias - bias.mean()), abs=0.15)
    assert sum(fitted.bias) == pytest.approx(0.0, abs=1e-12)


def test_vector_scaling_agrees_with_logistic_regression_on_two_classes(rows) -> None:
    """With two classes it is a logistic regression of the difference when both columns are mirror images."""
    one = rows.decisions[:, 0]
    codes = np.where(rows.codes == 0, 0, 2)
    fitted = fit_vector_scaling(np.column_stack([one, -one]), codes, (NEG, POS))
    model = LogisticRegression(C=np.inf, tol=1e-8).fit(one[:, None], codes == 0)
    assert sum(fitted.scale) == pytest.approx(model.coef_[0, 0], rel=1e-3)
    assert fitted.bias[0] - fitted.bias[1] == pytest.approx(model.intercept_[0], abs=1e-3)


def test_slope_is_the_derivative_of_the_loss() -> None:
    generator = np.random.default_rng(1)
    logits, targets = generator.normal(size=(5, 3)), np.eye(3)[generator.integers(0, 3, 5)]
    measured = approx_fprime(
        logits.ravel(), lambda flat: _loss_and_slope(flat.reshape(5, 3), targets)[0], 1e-7
    )
    assert _loss_and_slope(logits, targets)[1].ravel() == pytest.approx(measured, abs=1e-6)


@pytest.mark.parametrize("fit", [fit_temperature, fit_vector_scaling])
def test_separable_rows_end_at_a_limit_not_at_infinity(fit) -> None:
    decisions = np.eye(3)[[0, 1, 2, 0]]
    fitted = fit(decisions, np.array([0, 1, 2, 0]))
    probabilities = fitted.apply(decisions)
    assert np.isfinite(probabilities).all()
    assert (probabilities.argmax(axis=1) == [0, 1, 2, 0]).all()


def test_constant_decisions_are_left_at_the_class_shares() -> None:
    decisions, codes = np.zeros((10, 3)), np.array([0] * 5 + [1] * 3 + [2] * 2)
    assert fit_vector_scaling(decisions, codes).apply(decisions)[0] == pytest.approx(
        [0.5, 0.3, 0.2], abs=1e-4
    )
    assert fit_temperature(decisions, codes).apply(decisions)[0] == pytest.approx([1 / 3] * 3)


def test_a_label_that_the_model_lacks_is_left_aside(rows) -> None:
    two = rows.decisions[:, [0, 2]]
    known = rows.codes != 1
    assert fit_temperature(two, rows.codes, (NEG, POS)) == fit_temperature(
        two[known], rows.codes[known], (NEG, POS)
    )


@pytest.mark.parametrize("fit", [fit_temperature, fit_vector_scaling])
def test_rows_that_cannot_be_fitted_are_refused(fit) -> None:
    with pytest.raises(ValueError, match="No row"):
        fit(np.zeros((2, 2)), np.array([1, 1]), (NEG, POS))
    with pytest.raises(ValueError, match="do not fit"):
        fit(np.zeros((2, 3)), np.array([0, 1]), (NEG, POS))
    with pytest.raises(ValueError, match="same rows"):
        fit(np.zeros((2, 3)), np.array([0, 1, 2]))


def test_apply_is_stable_for_huge_decisions() -> None:
    assert Calibration.none(2).apply(np.array([[1000.0, -1000.0]])).tolist() == [[1.0, 0.0]]


def test_method_none_is_the_plain_softmax(rows, softmax) -> None:
    plain = fit_calibration(Method.NONE, rows.decisions, rows.codes)
    assert plain == Calibration(Method.NONE, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert plain.apply(rows.decisions) == pytest.approx(softmax(rows.decisions))


def test_true_log_odds_need_no_calibration(rows) -> None:
    choice = choose_calibration(rows.decisions, rows.codes, seed=1)
    assert choice.calibration.method is Method.NONE
    assert "no method" in choice.reason


def test_a_wrong_scale_asks_for_a_temperature(rows) -> None:
    choice = choose_calibration(rows.decisions * 5, rows.codes, seed=1)
    assert choice.calibration.method is Method.TEMPERATURE
    assert choice.calibration == fit_temperature(rows.decisions * 5, rows.codes)
    assert [one.method for one in choice.candidates] == list(Method)
    none, temperature, _ = choice.candidates
    assert temperature.log_loss < none.log_loss
    assert temperature.ece < 0.02 < none.ece
    assert temperature.macro_f1 == none.macro_f1
    assert "temperature lowers the log loss of none" in choice.reason


def test_unequal_scales_ask_for_vector_scaling(rows) -> None:
    choice = choose_calibration(rows.decisions * np.array([1.0, 4.0, 0.3]), rows.codes, seed=1)
    assert choice.calibration.method is Method.VECTOR
    assert choice.calibration == fit_vector_scaling(rows.decisions * np.array([1.0, 4.0, 0.3]), rows.codes)


def test_a_better_log_loss_may_not_cost_macro_f1() -> None:
    """A rare class whose weight was raised on purpose: the log loss wants it lowered again."""
    generator = np.random.default_rng(3)
    codes = np.repeat([0, 1, 2], [2500, 400, 100])
    evidence = 1.2 * (generator.normal(size=(3000, 3)) + np.eye(3)[codes] * 1.2)
    decisions = 3 * (evidence + 0.5 * np.log([2500, 400, 100]))  # the whole logarithm would be the truth
    choice = choose_calibration(decisions, codes, seed=1)
    none, temperature, vector = choice.candidates
    assert vector.log_loss < temperature.log_loss < none.log_loss
    assert vector.macro_f1 < none.macro_f1 - 0.005
    assert choice.calibration.method is Method.TEMPERATURE
    assert "vector was refused" in choice.reason
    free = choose_calibration(decisions, codes, seed=1, max_f1_loss=1.0)
    assert free.calibration.method is Method.VECTOR


def test_the_choice_is_judged_on_rows_that_were_not_fitted_on(rows) -> None:
    choice = choose_calibration(rows.decisions * 5, rows.codes, seed=1)
    assert choice.probabilities.shape == (len(rows.codes), 3)
    assert choice.candidates[1].log_loss == pytest.approx(peer.log_loss(rows.codes, choice.probabilities))
    in_sample = choice.calibration.apply(rows.decisions * 5)
    assert choice.probabilities == pytest.approx(in_sample, abs=0.01)
    assert (choice.probabilities != in_sample).any()


def test_the_choice_is_repeatable(rows) -> None:
    first, again = (choose_calibration(rows.decisions, rows.codes, seed=4) for _ in range(2))
    assert first.candidates == again.candidates
    assert (first.probabilities == again.probabilities).all()


def test_a_model_of_two_classes_is_calibrated_too(rows) -> None:
    known = rows.codes != 1
    choice = choose_calibration(rows.decisions[known][:, [0, 2]] * 9, rows.codes[known], (NEG, POS), seed=1)
    assert choice.calibration.method is Method.TEMPERATURE
    assert len(choice.calibration.scale) == 2
    assert (choice.probabilities[:, 1] == 0).all()


def long_rows(exponent: float, n: int = 6_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities that are right for texts of 32 tokens, and too sure for longer ones by a known power."""
    generator = np.random.default_rng(3)
    lengths = generator.integers(10, 900, n)
    logits = generator.normal(0, 2, (n, 3))
    true = logits * ((32 / np.maximum(lengths, 32)) ** exponent)[:, None]
    probabilities = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
    codes = (probabilities.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1)
    claimed = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return claimed, codes, lengths


@pytest.mark.parametrize("exponent", [0.0, 0.2, 0.5])
def test_the_length_scaling_of_known_rows_is_found(exponent: float) -> None:
    found = fit_length_scaling(*long_rows(exponent))
    assert found.pivot == 32
    assert found.exponent == pytest.approx(exponent, abs=0.04)


@pytest.mark.parametrize("longest", [20, 45])
def test_where_no_long_texts_are_known_the_usual_exponent_is_taken(longest: int) -> None:
    probabilities, codes, _ = long_rows(0.5)
    lengths = np.full(len(codes), 12)
    lengths[:400] = longest
    assert fit_length_scaling(probabilities, codes, lengths) == LengthScaling(max(32, longest), 0.2)


def test_scaling_by_length_lowers_the_error_of_long_texts() -> None:
    claimed, codes, lengths = long_rows(0.3)
    choice = choose_calibration(np.log(claimed), codes, lengths=lengths, seed=1)
    is_long = lengths > 200
    before = expected_calibration_error(codes[is_long], claimed[is_long])
    after = expected_calibration_error(codes[is_long], choice.probabilities[is_long])
    assert after < before / 3
    assert choice.calibration.length is not None
    applied = choice.calibration.apply(np.log(claimed), lengths)
    assert expected_calibration_error(codes[is_long], applied[is_long]) < before / 3


def test_beside_many_short_texts_certainty_may_rise_with_the_length() -> None:
    claimed, codes, lengths = long_rows(-0.2)
    lengths = np.minimum(lengths, 500)  # longer ones count no further
    decisions = np.log(claimed) / 3.0
    short = lengths <= 32
    none_short = choose_calibration(decisions[~short], codes[~short], lengths=lengths[~short], seed=1)
    assert none_short.calibration.length is not None
    assert none_short.calibration.length.exponent >= 0
    more = [np.concatenate([one, one[short].repeat(10, axis=0)]) for one in (decisions, codes, lengths)]
    decisions, codes, lengths = more
    found = choose_calibration(decisions, codes, lengths=lengths, seed=1)
    assert found.calibration.scale == fit_temperature(decisions[lengths <= 32], codes[lengths <= 32]).scale
    assert found.calibration.length is not None
    assert found.calibration.length.exponent == pytest.approx(-0.2, abs=0.05)


def test_certainty_rises_no_further_beyond_sixteen_pivots() -> None:
    scaling = LengthScaling(32, -0.25)
    assert scaling.factor(512) == pytest.approx(2.0)
    assert scaling.factor(100_000) == scaling.factor(512)


def test_without_lengths_nothing_is_scaled_by_them() -> None:
    claimed, codes, _ = long_rows(0.3)
    assert choose_calibration(np.log(claimed), codes, seed=1).calibration.length is None


@given(
    lengths=st.lists(st.integers(0, 100_000), min_size=1),
    pivot=st.floats(1, 1e4),
    exponent=st.floats(-0.5, 1),
)
def test_one_factor_and_many_are_the_same(lengths: list[int], pivot: float, exponent: float) -> None:
    scaling = LengthScaling(pivot, exponent)
    assert scaling.factors(lengths).tolist() == pytest.approx([scaling.factor(one) for one in lengths])
    assert all(0 < scaling.factor(one) <= (1 if exponent >= 0 else 4) for one in lengths)
