import numpy as np
from sklearn.svm import LinearSVC

from opinionlens.families.one_vs_rest import LinearFit, average, fit_one_vs_rest
from opinionlens.features.weighting import BlockWeighting


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
    found = fit_one_vs_rest(make, matrix, codes)
    expected = make().fit(matrix, codes)
    np.testing.assert_allclose(found.coef, expected.coef_, atol=1e-4)
    np.testing.assert_allclose(found.intercept, expected.intercept_, atol=1e-4)


def test_weights_are_those_of_scikit_learn(three_labels):
    words = three_labels.counts.words
    matrix = BlockWeighting("binary", np.ones(words.shape[1]), normalise=True).apply(words)
    codes = three_labels.train.codes
    weights = np.random.default_rng(0).uniform(0.2, 1.5, len(codes))
    found = fit_one_vs_rest(make, matrix, codes, weights=weights)
    expected = make().fit(matrix, codes, sample_weight=weights)
    np.testing.assert_allclose(found.coef, expected.coef_, atol=1e-4)
    np.testing.assert_allclose(found.intercept, expected.intercept_, atol=1e-4)


def test_ratios_fold_into_the_coefficients(three_labels):
    words = three_labels.counts.words
    matrix = BlockWeighting("binary", np.ones(words.shape[1]), normalise=True).apply(words)
    codes = three_labels.train.codes
    ratios = np.random.default_rng(0).uniform(0.5, 2.0, (3, words.shape[1]))
    found = fit_one_vs_rest(make, matrix, codes, ratios)
    for code in range(3):
        seen = matrix.toarray() * ratios[code]
        direct = make().fit(seen, codes == code)
        np.testing.assert_allclose(
            matrix @ found.coef[code] + found.intercept[code], direct.decision_function(seen), atol=1e-4
        )
