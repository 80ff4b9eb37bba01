import numpy as np
import pytest

from opinionlens.pipeline.transformer_rows import weighted_texts

TEXTS = ["a", "b", "c", "d"]
CODES = np.array([0, 0, 0, 2])


def rows(agreement=None, *, balance=False, most=None, seed=1):
    return weighted_texts(TEXTS, CODES, agreement, balance=balance, most=most, seed=seed)


def test_without_weights_all_count_alike():
    found = rows()
    assert (found.texts, found.weights.tolist()) == (TEXTS, [1, 1, 1, 1])


def test_classes_that_occur_count_alike():
    # Three texts of one class share the sum 2 that the one text of the other has alone.
    assert rows(balance=True).weights == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])


def test_annotators_who_agree_count_more_inside_their_class():
    found = rows(np.array([1.0, 0.5, 0.5, 0.3]), balance=True)
    assert found.weights == pytest.approx([1, 0.5, 0.5, 2])
    assert rows(np.array([2.0, 1.0, 1.0, 0.0])).weights == pytest.approx([2, 1, 1, 0])


def test_a_part_is_drawn_by_seed_in_the_order_of_the_rows():
    found = rows(most=2, seed=3)
    assert found.texts == rows(most=2, seed=3).texts == sorted(found.texts)
    assert len(found.texts) == len(found.codes) == len(found.weights) == 2
    assert [TEXTS.index(text) for text in found.texts if CODES[TEXTS.index(text)] == 2] == [
        3 for code in found.codes if code == 2
    ]
    assert {tuple(rows(most=2, seed=seed).texts) for seed in range(20)} != {tuple(found.texts)}
    assert rows(most=9).texts == TEXTS
