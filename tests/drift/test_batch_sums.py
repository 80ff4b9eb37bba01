"""Sums by the batch against those of texts one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.support.drift_traffic import KNOWN, RECIPE, TRAINING, posts

from opinionlens.drift import term_table
from opinionlens.drift.batch_sums import BatchSums, batch_terms, embeddings_of
from opinionlens.drift.embedding import TermEmbedder
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.term_table import TermTable, signs_of
from opinionlens.drift.windows import SumState, WindowSums, terms_of, unknown_share
from opinionlens.text.recipe import Recipe

NEGATING = replace(RECIPE, negation_scope=True)
LONG = " ".join(f"w{number}q" for number in range(2_600))
TEXTS = [
    *posts(random.Random(3), 120),
    "",
    "!!",
    "Ã¼ber @user 😀",
    "Ã¼ber " + LONG,
    LONG,
    "not lovely, lovely",
    "lovely late qwertz",
    "lovely and not lovely, not late",
    *posts(random.Random(4), 3, length=(400, 700)),
]


def gathered(sums: BatchSums, texts: Sequence[str], recipe: Recipe = RECIPE) -> list[float]:
    shares = sums.add_batch([batch_terms(recipe.tokens(text), text) for text in texts], KNOWN.__contains__)
    assert shares is not None
    return list(shares)


def one_by_one(profile: TextProfile, texts: Sequence[str], recipe: Recipe = RECIPE) -> SumState:
    sums = WindowSums(profile)
    sums.add_texts(texts, recipe, KNOWN.__contains__)
    return sums.state()


def assert_same(one: SumState, other: SumState) -> None:
    assert (one.read_texts, one.texts_with_words) == (other.read_texts, other.texts_with_words)
    assert one.unknown == pytest.approx(other.unknown)
    assert one.terms.tolist() == other.terms.tolist()
    assert np.allclose(one.embedding, other.embedding, atol=1e-5)
    assert np.allclose(one.fourier, other.fourier, atol=1e-4)


@pytest.mark.parametrize("recipe", [RECIPE, NEGATING])
@pytest.mark.parametrize("size", [1, 50, len(TEXTS)])
def test_the_sums_are_those_of_single_texts(profile: TextProfile, recipe: Recipe, size: int) -> None:
    sums = BatchSums(profile, TermTable(profile, recipe))
    shares: list[float] = []
    for start in range(0, len(TEXTS), size):
        shares += gathered(sums, TEXTS[start : start + size], recipe)
    assert_same(sums.state(), one_by_one(profile, TEXTS, recipe))
    single = [unknown_share(recipe, terms_of(recipe, text), KNOWN.__contains__) for text in TEXTS]
    assert np.array_equal(shares, single, equal_nan=True)


def test_terms_that_were_forgotten_are_met_again(
    profile: TextProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(term_table, "_REMEMBERED", 30)
    sums = BatchSums(profile, TermTable(profile, RECIPE))
    for text in TEXTS:
        gathered(sums, [text])
    assert_same(sums.state(), one_by_one(profile, TEXTS))


def test_hours_share_a_table(profile: TextProfile) -> None:
    table = TermTable(profile, RECIPE)
    for texts in (TEXTS[:60], TEXTS[40:]):
        sums = BatchSums(profile, table)
        gathered(sums, texts)
        assert_same(sums.state(), one_by_one(profile, texts))


def test_a_table_outgrows_its_first_room(profile: TextProfile) -> None:
    table = TermTable(profile, RECIPE)
    for start in range(0, 6_000, 500):
        gathered(BatchSums(profile, table), TRAINING[start : start + 500])
    sums = BatchSums(profile, table)
    more = [f"w{number}x w{number}y w{number}z" for number in range(2_000)]
    gathered(sums, more)
    assert_same(sums.state(), one_by_one(profile, more))


def test_without_a_vocabulary_no_share_is_known(profile: TextProfile) -> None:
    sums = BatchSums(profile, TermTable(profile, RECIPE))
    assert sums.add_batch([["lovely"], []], None) is None
    assert sums.read_texts == 2
    assert sums.state().texts_with_words == 0


def test_no_texts_change_nothing(profile: TextProfile) -> None:
    sums = BatchSums(profile, TermTable(profile, RECIPE))
    assert gathered(sums, []) == []
    assert_same(sums.state(), one_by_one(profile, []))


def test_signs_are_those_of_the_embedder() -> None:
    terms = ["flight", "late", "\ud800", "👍", ""]
    sizes = np.array([1, 2, 0, 2])
    texts = [["flight"], ["late", "\ud800"], [], ["👍", ""]]
    assert np.allclose(embeddings_of(signs_of(terms), sizes), TermEmbedder().embed(texts))


@pytest.mark.parametrize("terms", [255, 256, 1_999])
def test_bytes_do_not_overflow(terms: int) -> None:
    """A thousand times the same sign is more than a byte holds."""
    one = signs_of(["flight"])
    texts = np.concatenate([np.repeat(one, terms, axis=0), one])
    found = embeddings_of(texts, np.array([terms, 1]))
    expected = TermEmbedder().embed([["flight"]])[0]
    assert np.allclose(found, [expected, expected])
