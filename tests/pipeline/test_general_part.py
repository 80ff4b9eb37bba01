"""What the general expert is fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.families.general_fit import fit_expert
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.general_part import fit_general, fit_general_at, mix
from opinionlens.pipeline.text_readings import read_texts
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import RECIPES

SPEC = FeatureSpec(RECIPES["social-v2"])
SHORT = {0: "an awful meal", 1: "the meal is at eight", 2: "a lovely meal"}
LONG = {0: "awful meal and " * 30, 2: "lovely meal and " * 30}  # 90 tokens


def texts_of(each: dict[int, str], times: int) -> tuple[list[str], list[int]]:
    """Each text so many times, with a number, so that none is like another."""
    codes = [code for code in each for _ in range(times)]
    return [f"{each[code]} {place}" for place, code in enumerate(codes)], codes


def fitted(texts: list[str], codes: list[int]) -> GeneralWeights:
    truth = np.array(codes)
    readings = read_texts(SPEC, texts)
    return fit_general({"train": readings, "val": readings[-50:]}, *_rows(truth), LABELS)


def _rows(truth: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Codes and decision values of train and validation; nine in ten are right."""
    codes = np.concatenate([truth, truth[-50:]])
    answers = np.where(np.arange(len(codes)) % 10 == 0, (codes + 1) % 3, codes)
    return codes, np.eye(3)[answers] * 2


def expert_of(texts: list[str], codes: list[int]) -> NDArray[np.float64]:
    """Weights of the expert fitted on just these rows, whatever their scale."""
    values = np.array([one.general for one in read_texts(SPEC, texts)])
    coef = fit_expert(values, np.array(codes), scale=1.0).coef
    return coef / np.linalg.norm(coef)


def test_long_texts_teach_the_expert_nothing() -> None:
    short, long = texts_of(SHORT, 200), texts_of(LONG, 300)
    # The validation rows are the last fifty: they are fitted on, too.
    texts, codes = long[0] + short[0], long[1] + short[1]
    found = fitted(texts, codes).coef
    expected = expert_of(short[0] + short[0][-50:], short[1] + short[1][-50:])
    np.testing.assert_allclose(found / np.linalg.norm(found), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("times", "all_count"), [(199, True), (200, False)])
def test_where_a_class_has_fewer_than_200_short_texts_all_count(times: int, all_count: bool) -> None:
    blame, rest = texts_of({0: SHORT[0]}, times), texts_of({1: SHORT[1], 2: SHORT[2]}, 300)
    long = texts_of(LONG, 200)
    texts, codes = long[0] + blame[0] + rest[0], long[1] + blame[1] + rest[1]
    found = fitted(texts, codes).coef
    expected = expert_of(texts + texts[-50:], codes + codes[-50:])
    assert np.allclose(found / np.linalg.norm(found), expected, rtol=0, atol=1e-6) is all_count


def test_a_floor_of_1_lets_a_model_count_in_full_beside_the_expert():
    texts, codes = texts_of(SHORT, 40)
    readings = read_texts(SPEC, texts)
    splits, truth = {"train": readings, "val": readings[-50:]}, np.array([*codes, *codes[-50:]])
    answered = np.zeros((50, 3))
    strange = read_texts(SPEC, ["quite another subject altogether, dreadful"])
    decisions = np.array([[5.0, 0.0, 0.0]])
    alone, _ = mix(fit_general_at(splits, truth, answered, 2.0, floor=1.0), strange, np.zeros((1, 3)))
    whole, mixtures = mix(fit_general_at(splits, truth, answered, 2.0, floor=1.0), strange, decisions)
    assert mixtures[0].share < 1
    assert mixtures[0].expert > 0
    np.testing.assert_allclose(whole, alone + decisions)
    part, _ = mix(fit_general_at(splits, truth, answered, 2.0, floor=0.25), strange, decisions)
    np.testing.assert_allclose(part, alone + mix_factor(mixtures[0].share, 0.25) * decisions)


def mix_factor(share: float, floor: float) -> float:
    return floor + (1 - floor) * share
