from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sklearn import metrics as peer

from opinionlens.evaluation.scores import ModelScores, area_under_roc, score
from opinionlens.text.labels import Label

NEG, NEU, POS = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE

# Six rows counted by hand: truth N N N U P P, predicted N N U U P N.
TRUTH = [NEG, NEG, NEG, NEU, POS, POS]
PROBABILITIES = np.array(
    [
        [0.8, 0.1, 0.1],
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.3, 0.4, 0.3],
        [0.0, 0.1, 0.9],
        [0.5, 0.2, 0.3],
    ]
)


def test_hand_counted_scores() -> None:
    scores = score(TRUTH, PROBABILITIES)
    assert scores.n == 6
    assert scores.confusion == ((2, 1, 0), (0, 1, 0), (1, 0, 1))
    assert scores.accuracy == pytest.approx(4 / 6)
    assert scores.macro_precision == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert scores.macro_recall == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 2 / 3) / 3)
    assert scores.log_loss == pytest.approx(-sum(map(math.log, (0.8, 0.6, 0.2, 0.4, 0.9, 0.3))) / 6)
    squares = (0.06, 0.26, 1.14, 0.54, 0.02, 0.78)
    assert scores.brier == pytest.approx(sum(squares) / 6)
    # NEG: members score .8 .6 .2, others .3 .0 .5: 7 of 9 pairs. NEU: .4 beats all but .7: 4 of 5.
    # POS: members .9 .3, others .1 .1 .1 .3: 4 + 3.5 of 8.
    assert [one.roc_auc for one in scores.per_class] == pytest.approx([7 / 9, 4 / 5, 7.5 / 8])
    assert scores.roc_auc == pytest.approx((7 / 9 + 4 / 5 + 7.5 / 8) / 3)
    # Every confidence has a bin of its own: |.8-1| |.6-1| |.7-0| |.4-1| |.9-1| |.5-0|.
    assert scores.ece == pytest.approx((0.2 + 0.4 + 0.7 + 0.6 + 0.1 + 0.5) / 6)
    assert scores.ece_equal_mass == pytest.approx(scores.ece)


def test_per_class_record() -> None:
    negative = score(TRUTH, PROBABILITIES).per_class[0]
    assert (negative.label, negative.support, negative.predicted) == (NEG, 3, 3)
    assert (negative.precision, negative.recall, negative.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_a_class_absent_from_the_slice_has_no_scores_and_does_not_enter_the_averages() -> None:
    truth = [NEG, NEG, POS, POS]
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0.1, 0.1, 0.8]])
    scores = score(truth, probabilities)
    neutral = scores.per_class[1]
    assert (neutral.support, neutral.predicted) == (0, 1)
    assert neutral.precision is neutral.recall is neutral.f1 is neutral.roc_auc is None
    assert scores.macro_recall == pytest.approx((1 / 2 + 1) / 2)
    assert scores.macro_f1 == pytest.approx((2 / 3 + 1) / 2)
    assert scores.roc_auc == 1.0
    assert "test_per_class_neutral_f1" not in scores.as_metrics()


def test_a_class_never_predicted_has_precision_zero() -> None:
    scores = score([NEG, NEU], np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0]]))
    neutral = scores.per_class[1]
    assert (neutral.precision, neutral.recall, neutral.f1) == (0.0, 0.0, 0.0)
    assert scores.macro_precision == pytest.approx(1 / 4)


def test_a_truth_outside_the_classes_of_the_model_is_an_error_with_a_capped_loss() -> None:
    scores = score([NEU, POS], np.array([[0.5, 0.5], [0.0, 1.0]]), (NEG, POS))
    assert scores.accuracy == 0.5
    assert scores.confusion == ((0, 0, 0), (1, 0, 0), (0, 0, 1))
    assert scores.log_loss == pytest.approx(-math.log(np.finfo(float).eps) / 2)
    assert scores.per_class[1].roc_auc == 0.5  # its column is constant: no ranking at all


def test_a_single_class_has_no_area_under_the_curve() -> None:
    scores = score([POS, POS], np.array([[0.1, 0.1, 0.8], [0.6, 0.2, 0.2]]))
    assert scores.roc_auc is None
    assert "test_roc_auc" not in scores.as_metrics()
    assert scores.macro_recall == 0.5


def test_agrees_with_scikit_learn(rows, softmax) -> None:
    probabilities = softmax(rows.decisions * 0.6 + np.array([0.3, -0.2, 0.1]))
    predicted = probabilities.argmax(axis=1)
    scores = score(rows.codes, probabilities)
    precision, recall, f1, support = peer.precision_recall_fscore_support(rows.codes, predicted)
    assert scores.accuracy == pytest.approx(peer.accuracy_score(rows.codes, predicted))
    assert scores.macro_f1 == pytest.approx(peer.f1_score(rows.codes, predicted, average="macro"))
    assert scores.macro_precision == pytest.approx(precision.mean())
    assert scores.macro_recall == pytest.approx(peer.balanced_accuracy_score(rows.codes, predicted))
    assert [one.f1 for one in scores.per_class] == pytest.approx(list(f1))
    assert [one.recall for one in scores.per_class] == pytest.approx(list(recall))
    assert [one.support for one in scores.per_class] == list(support)
    assert scores.roc_auc == pytest.approx(peer.roc_auc_score(rows.codes, probabilities, multi_class="ovr"))
    assert scores.log_loss == pytest.approx(peer.log_loss(rows.codes, probabilities))
    assert scores.brier == pytest.approx(
        peer.brier_score_loss(rows.codes, probabilities, labels=[0, 1, 2], scale_by_half=False)
    )
    assert np.array(scores.confusion).tolist() == peer.confusion_matrix(rows.codes, predicted).tolist()


def test_the_area_comes_from_probabilities_not_from_hard_labels() -> None:
    """Fault 11 of the first system: from hard labels it equals balanced accuracy."""
    truth = [NEG, NEG, POS, POS]
    ranked_well_but_wrong = np.array([[0.3, 0, 0.7], [0.2, 0, 0.8], [0.1, 0, 0.9], [0.05, 0, 0.95]])
    scores = score(truth, ranked_well_but_wrong)
    assert scores.macro_recall == 0.5
    assert scores.roc_auc == 1.0


def test_metric_names_of_the_first_system() -> None:
    named = score(TRUTH, PROBABILITIES).as_metrics("test")
    assert {"test_accuracy", "test_precision", "test_recall", "test_f1_score", "test_roc_auc"} <= named.keys()
    assert named["test_f1_score"] == pytest.approx(2 / 3)
    assert named["test_n"] == 6.0
    assert named["test_per_class_positive_f1"] == pytest.approx(2 / 3)
    assert "val_ece" in score(TRUTH, PROBABILITIES).as_metrics("val")
    assert "log_loss" in score(TRUTH, PROBABILITIES).as_metrics("")


def test_survives_json() -> None:
    scores = score([NEG, POS], np.array([[0.9, 0.1, 0.0], [0.3, 0.2, 0.5]]))
    read = json.loads(json.dumps(scores.as_dict()))
    assert TypeAdapter(ModelScores).validate_python(read) == scores


def test_rows_have_to_match() -> None:
    with pytest.raises(ValueError, match="same rows"):
        score(TRUTH[:5], PROBABILITIES)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=30),
)
def test_area_is_the_share_of_pairs_in_the_right_order(drawn: list[tuple[bool, int]]) -> None:
    members = [value for is_member, value in drawn if is_member]
    others = [value for is_member, value in drawn if not is_member]
    area = area_under_roc(np.array([one[0] for one in drawn]), np.array([float(one[1]) for one in drawn]))
    if not members or not others:
        assert area is None
        return
    won = sum((a > b) + (a == b) / 2 for a in members for b in others)
    assert area == pytest.approx(won / (len(members) * len(others)))
