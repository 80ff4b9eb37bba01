import numpy as np
import pytest
from sklearn.svm import LinearSVC

from opinionlens.families.one_vs_rest import LinearFit, average, balanced_weights, fit_one_vs_rest
from opinionlens.features.weighting import BlockWeighting

CODES = np.array([0, 0, 0, 2])


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(0.0, [1, 1, 1, 1]), (1.0, [2 / 3, 2 / 3, 2 / 3, 2]), (0.5, [(2 / 3) ** 0.5] * 3 + [2**0.5])],
)
def test_balance_goes_from_equal_texts_to_equal_classes(balance, expected):
    np.testing.assert_allclose(balanced_weights(CODES, balance), expected)


def test_average_of_models_has_the_average_of_their_decisions():
    fits = [
        LinearFit(np.array([[1.0, 2.0]]), np.array([0.0]), converged=True),
        LinearFit(np.array([[3.0, -2.0]]), np.array([1.0]), converged=False),
    ]
    found = average(fits)
    assert found.coef.tolist() == [[2.0, 0.0]]
    assert found.intercept.tolist() == [0.5]
    assert not found.converged


def make():
    return LinearSVC(C=0.3, tol=1e-8, max_iter=100_000, random_state=1)


def test_classes_are_fitted_as_scikit_learn_fits_them(three_labels):
    matrix = BlockWeighting("binary", np.ones(three_labels.counts.words.shape[1]), normalise=True).apply(
        three_labels.counts.words
    )
    codes = three_labels.train.codes
    found = fit_one_vs_rest(make, matrix, codes, balance=1.0)
    expected = make().fit(matrix, codes, sample_weight=len(codes) / (3 * np.bincount(codes)[codes]))
    np.testing.assert_allclose(found.coef, expected.coef_, atol=1e-4)
    np.testing.assert_allclose(found.intercept, expected.intercept_, atol=1e-4)


def test_weights_of_texts_and_of_classes_are_multiplied(three_labels):
    words = three_labels.counts.words
    matrix = BlockWeighting("binary", np.ones(words.shape[1]), normalise=True).apply(words)
    codes = three_labels.train.codes
    weights = np.random.default_rng(0).uniform(0.2, 1.5, len(codes))
    found = fit_one_vs_rest(make, matrix, codes, balance=1.0, weights=weights)
    balanced = len(codes) / (3 * np.bincount(codes)[codes])
    expected = make().fit(matrix, codes, sample_weight=weights * balanced)
    np.testing.assert_allclose(found.coef, expected.coef_, atol=1e-4)
    np.testing.assert_allclose(found.intercept, expected.intercept_, atol=1e-4)


def test_ratios_fold_into_the_coefficients(three_labels):
    words = three_labels.counts.words
    matrix = BlockWeighting("binary", np.ones(words.shape[1]), normalise=True).apply(words)
    codes = three_labels.train.codes
    ratios = np.random.default_rng(0).uniform(0.5, 2.0, (3, words.shape[1]))
    found = fit_one_vs_rest(make, matrix, codes, 0.0, ratios)
    for code in range(3):
        seen = matrix.toarray() * ratios[code]
        direct = make().fit(seen, codes == code)
        np.testing.assert_allclose(
            matrix @ found.coef[code] + found.intercept[code], direct.decision_function(seen), atol=1e-4
        )
