"""Which gate a model of several sources gets."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from opinionlens.classifiers.linear.general_expert import TextLikeness
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.families.general_fit import count_domain_words, fit_expert
from opinionlens.features.spec import FeatureSpec
from opinionlens.pipeline.gate_choice import choose_gate
from opinionlens.pipeline.general_part import mix
from opinionlens.pipeline.text_readings import TextReading, read_texts
from opinionlens.text.general import general_values
from opinionlens.text.recipe import RECIPES

SPEC = FeatureSpec(RECIPES["social-v2"])
COLUMNS = np.arange(3)
Floats = NDArray[np.float64]
PLAIN = {0: "that was awful", 1: "the shop is open", 2: "that was lovely"}
# Opinions that no list knows, in words that are rare elsewhere.
JARGON = {0: "frobnicates kwyjibo", 1: "zorble kwyjibo", 2: "grokked kwyjibo"}


def texts_of(kind: dict[int, str], times: int, source: str) -> tuple[list[TextReading], NDArray[np.int64]]:
    codes = np.tile(np.arange(3), times)
    return read_texts(SPEC, [kind[code] for code in codes], [source] * len(codes)), codes


def weights_of(readings: list[TextReading]) -> GeneralWeights:
    """An expert that reads the plain texts, and a gate that is open for nearly all of `readings`."""
    texts = [PLAIN[code] for code in range(3)] * 20
    values = np.array([general_values(text, SPEC.recipe.pieces(text)) for text in texts])
    expert = fit_expert(values, np.arange(60) % 3, scale=1.0)
    words = count_domain_words(one.tokens for one in readings)
    likeness = TextLikeness(words.terms, words.likeness, words.unseen)
    lowest = min(likeness.of(one.tokens) for one in readings)
    return GeneralWeights(
        expert.coef,
        expert.intercept,
        words.terms,
        words.likeness,
        words.unseen,
        lowest - 1.0,
        lowest - 0.9,
        0.1,
    )


def right(
    general: GeneralWeights, readings: list[TextReading], codes: NDArray[np.int64], decisions: Floats
) -> float:
    """The share of texts that model, gate and expert answer as they should."""
    mixed, _ = mix(general, readings, decisions)
    return float((mixed.argmax(axis=1) == codes).mean())


def test_it_closes_where_the_expert_answers_a_source_better() -> None:
    plain, plain_codes = texts_of(PLAIN, 50, "plain")
    jargon, jargon_codes = texts_of(JARGON, 50, "jargon")
    readings, codes = [*plain, *jargon], np.concatenate([plain_codes, jargon_codes])
    general = weights_of(readings)
    # The model knows the jargon, and takes every plain text for the next class.
    decisions = np.eye(3)[np.concatenate([(plain_codes + 1) % 3, jargon_codes])] * 1.5
    assert right(general, readings, codes, decisions) == 0.5
    found = choose_gate(general, readings, codes, decisions, COLUMNS)
    assert right(found, readings, codes, decisions) == 1.0
    assert found.floor == general.floor


def test_it_stays_where_the_model_answers_every_source_as_well() -> None:
    plain, plain_codes = texts_of(PLAIN, 50, "plain")
    jargon, jargon_codes = texts_of(JARGON, 50, "jargon")
    readings, codes = [*plain, *jargon], np.concatenate([plain_codes, jargon_codes])
    general = weights_of(readings)
    assert choose_gate(general, readings, codes, np.eye(3)[codes] * 1.5, COLUMNS) is general


@pytest.mark.parametrize(("times", "source"), [(33, "jargon"), (50, "plain")])
def test_a_source_alone_or_a_small_one_beside_it_chooses_nothing(times: int, source: str) -> None:
    plain, plain_codes = texts_of(PLAIN, 50, "plain")
    jargon, jargon_codes = texts_of(JARGON, times, source)
    readings, codes = [*plain, *jargon], np.concatenate([plain_codes, jargon_codes])
    general = weights_of(readings)
    decisions = np.eye(3)[np.concatenate([(plain_codes + 1) % 3, jargon_codes])] * 1.5
    assert choose_gate(general, readings, codes, decisions, COLUMNS) is general


def test_the_columns_may_be_other_labels_than_the_first() -> None:
    plain, plain_codes = texts_of(PLAIN, 75, "plain")
    jargon, jargon_codes = texts_of(JARGON, 75, "jargon")
    rows = [row for row, code in enumerate([*plain_codes, *jargon_codes]) if code != 1]
    readings = [[*plain, *jargon][row] for row in rows]
    codes = np.concatenate([plain_codes, jargon_codes])[rows]
    general = weights_of([*plain, *jargon])
    two = GeneralWeights(
        general.coef[[0, 2]],
        general.intercept[[0, 2]],
        general.terms,
        general.likeness,
        general.unseen,
        general.low,
        general.high,
        general.floor,
    )
    side = (codes == 2).astype(int)
    wrong = np.array([one.source == "plain" for one in readings])
    decisions = np.eye(2)[np.where(wrong, 1 - side, side)] * 1.5
    assert right(two, readings, side, decisions) == 0.5
    found = choose_gate(two, readings, codes, decisions, np.array([0, 2]))
    assert right(found, readings, side, decisions) == 1.0
