"""One contract for every family in the catalogue."""

import numpy as np
import optuna
import pytest
from benchmarks.sklearn_twin import sklearn_pipeline

from opinionlens.base.errors import ParamsInvalid, StageFailed
from opinionlens.families.catalogue import FAMILIES
from opinionlens.families.estimator import LinearEstimator
from opinionlens.text.labels import LABELS, Label

# Enough to tell one from another, quick to fit.
QUICK = {"random_forest": {"trees": 20}, "bagging_linear_svc": {"estimators": 3}}
SLOW: dict[str, dict[str, float]] = {}

every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
LINEAR = {name: family for name, family in FAMILIES.items() if family.kind == "linear"}
linear_families = pytest.mark.parametrize("family", LINEAR.values(), ids=LINEAR.keys())


def fitted(family, corpus, seed=7, **params):
    return family.fit(corpus.counts, corpus.train.codes, QUICK.get(family.name, {}) | params, seed)


def accuracy(estimator, corpus):
    chosen = estimator.decision_values(corpus.held_out_counts).argmax(axis=1)
    codes = np.array([LABELS.index(label) for label in estimator.classes])
    return float((codes[chosen] == corpus.held_out.codes).mean())


def test_catalogue_lists_each_family_under_its_name():
    assert len(FAMILIES) >= 7
    assert all(family.name == name for name, family in FAMILIES.items())


@every_family
def test_decisions_have_a_row_per_text_and_a_column_per_class(family, three_labels):
    estimator = fitted(family, three_labels)
    decisions = estimator.decision_values(three_labels.held_out_counts)
    assert estimator.classes == LABELS
    assert decisions.shape == (120, 3)
    assert decisions.dtype == np.float64
    assert np.isfinite(decisions).all()


@every_family
def test_much_better_than_chance(family, three_labels):
    assert accuracy(fitted(family, three_labels), three_labels) > 0.6


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - {"k_nearest_neighbours"}))
def test_wrong_labels_that_hardly_count_do_little_harm(name, three_labels):
    codes = three_labels.train.codes
    is_wrong = np.random.default_rng(0).random(len(codes)) < 0.6
    wrong = np.where(is_wrong, (codes + 1) % 3, codes)
    params = QUICK.get(name, {})
    doubted = FAMILIES[name].fit(three_labels.counts, wrong, params, 7, np.where(is_wrong, 0.001, 1.0))
    believed = FAMILIES[name].fit(three_labels.counts, wrong, params, 7)
    assert accuracy(doubted, three_labels) > accuracy(believed, three_labels) + 0.1


@every_family
def test_missing_class_has_no_column(family, two_labels):
    estimator = fitted(family, two_labels)
    assert estimator.classes == (Label.NEGATIVE, Label.POSITIVE)
    assert estimator.decision_values(two_labels.held_out_counts).shape == (120, 2)
    assert accuracy(estimator, two_labels) > 0.7


@every_family
def test_any_selection_of_blocks_can_be_fitted(family, some_features):
    assert accuracy(fitted(family, some_features), some_features) > 0.5


@every_family
def test_same_seed_same_estimator(family, three_labels):
    first, second = (
        fitted(family, three_labels).decision_values(three_labels.held_out_counts) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@every_family
def test_a_text_is_decided_alone_as_among_others(family, three_labels):
    estimator = fitted(family, three_labels)
    together = estimator.decision_values(three_labels.held_out_counts)
    alone = estimator.decision_values(three_labels.held_out_counts.rows(slice(5, 6)))
    np.testing.assert_allclose(alone[0], together[5], atol=1e-12)


@every_family
def test_defaults_are_in_the_space_and_survive_a_trial(family):
    trial = optuna.trial.FixedTrial(family.defaults_in_study)
    assert family.suggest(trial) == family.defaults
    assert all(name.startswith(f"{family.name}.") for name in trial.params)


@every_family
def test_whatever_is_suggested_can_be_fitted(family, three_labels):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    for _ in range(3):
        trial = study.ask()
        params = family.suggest(trial)
        assert family.suggest(optuna.trial.FixedTrial(trial.params)) == params
        params |= {name: min(params[name], 20) for name in ("trees",) if name in params}
        decisions = fitted(family, three_labels, **params).decision_values(three_labels.held_out_counts)
        assert np.isfinite(decisions).all()


def test_no_two_families_share_a_name_in_the_study():
    names = [name for family in FAMILIES.values() for name in family.defaults_in_study]
    assert len(names) == len(set(names))


@every_family
def test_one_label_is_refused(family, three_labels):
    only = np.flatnonzero(three_labels.train.codes == 2)
    with pytest.raises(StageFailed, match="at least two labels; these have 1"):
        family.fit(three_labels.counts.rows(only), three_labels.train.codes[only], {}, 1)


@every_family
def test_unknown_parameter_is_refused_with_those_there_are(family, three_labels):
    with pytest.raises(ParamsInvalid, match=r"no parameter 'colour'.* It has: \w+"):
        family.fit(three_labels.counts, three_labels.train.codes, {"colour": 1}, 1)


@linear_families
@pytest.mark.parametrize("labels", ["three_labels", "two_labels"])
@pytest.mark.parametrize(
    "options", [{}, {"tf": "log", "idf": True, "char_factor": 0.7}], ids=["plain", "log"]
)
def test_linear_estimator_equals_its_sklearn_twin(family, labels, options, request):
    corpus = request.getfixturevalue(labels)
    estimator = fitted(family, corpus, **options)
    twin = sklearn_pipeline(corpus.vocabulary, estimator)
    decisions = estimator.decision_values(corpus.held_out_counts)
    expected = decisions if decisions.shape[1] == 3 else decisions[:, 1] - decisions[:, 0]
    np.testing.assert_allclose(twin.decision_function(corpus.held_out.texts), expected, rtol=0, atol=1e-9)
    softmax = np.exp(decisions) / np.exp(decisions).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(twin.predict_proba(corpus.held_out.texts), softmax, atol=1e-9)


@linear_families
def test_linear_estimator_equals_its_twin_with_fewer_blocks(family, some_features):
    estimator = fitted(family, some_features)
    twin = sklearn_pipeline(some_features.vocabulary, estimator)
    np.testing.assert_allclose(
        twin.decision_function(some_features.held_out.texts),
        estimator.decision_values(some_features.held_out_counts),
        rtol=0,
        atol=1e-9,
    )


@linear_families
def test_two_classes_have_opposite_rows(family, two_labels):
    estimator = fitted(family, two_labels)
    assert isinstance(estimator, LinearEstimator)
    np.testing.assert_array_equal(estimator.coef[0], -estimator.coef[1])
    np.testing.assert_array_equal(estimator.intercept[0], -estimator.intercept[1])


@linear_families
def test_unreached_tolerance_is_told(family, three_labels, monkeypatch):
    """A new linear family names a parameter in SLOW with which one iteration is too few."""
    monkeypatch.setattr(f"opinionlens.families.{family.name}.MAX_ITERATIONS", 1)
    assert not fitted(family, three_labels, **SLOW.get(family.name, {"C": 1000.0})).converged
    monkeypatch.undo()
    assert fitted(family, three_labels).converged


def test_calibrated_twin_gives_calibrated_probabilities(three_labels):
    estimator = fitted(FAMILIES["linear_svc"], three_labels)
    scale, bias = np.array([2.0, 1.5, 3.0]), np.array([0.1, -0.2, 0.3])
    twin = sklearn_pipeline(three_labels.vocabulary, estimator, scale=scale, bias=bias)
    logits = estimator.decision_values(three_labels.held_out_counts) * scale + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(twin.predict_proba(three_labels.held_out.texts), expected, atol=1e-9)
    assert list(twin.classes_) == ["NEGATIVE", "NEUTRAL", "POSITIVE"]
