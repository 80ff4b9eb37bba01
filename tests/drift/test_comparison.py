"""What a comparison says, and where it says nothing."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from tests.support.drift_traffic import KNOWN, RECIPE, posts, predictions

from opinionlens.drift.comparison import MeasureResult, WindowComparison, compare
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.windows import WindowSums, terms_of, unknown_share

Compared = Callable[[list[str], TextProfile], WindowComparison]
WORDLESS = {"label_shift", "label_drift", "confidence_shift", "length_shift"}


def test_a_small_window_is_not_judged(profile: TextProfile, compared: Compared) -> None:
    short = compared(["win win win"] * 199, profile)
    assert not short.is_enough
    assert not short.has_drifted
    assert short.results == ()
    assert short.score is None
    assert compared(["win win win"] * 200, profile).has_drifted


def test_without_texts_half_of_the_measures_remain(profile: TextProfile) -> None:
    texts = posts(random.Random(1), 400)
    sums = WindowSums(profile)
    sums.add_predictions(predictions(texts), [len(text) for text in texts])
    found = compare(
        sums.means(), profile, why_no_words="nothing stored", domain=None, why_no_domain="not asked"
    )
    taken = {one.name for one in found.results if one.value is not None}
    assert taken == WORDLESS
    assert {one.why_not for one in found.results if one.name not in WORDLESS} == {
        "nothing stored",
        "not asked",
    }
    # Fewer measures share the rate, so each has a lower threshold.
    with_words = WindowSums(profile)
    with_words.add_predictions(predictions(texts), [len(text) for text in texts])
    lower = {one.name: one.threshold for one in found.results if one.value is not None}
    for name, threshold in lower.items():
        assert threshold is not None
        assert threshold <= (profile.threshold(name, 400, has_words=True) or 0)
    assert found.combined_drift is None


def test_shares_of_unknown_words_are_compared_without_any_text(profile: TextProfile) -> None:
    """Rows of the log have them; the thresholds are then those of all measures, so alarms are rarer."""

    def found(texts: list[str]) -> WindowComparison:
        sums = WindowSums(profile)
        sums.add_predictions(predictions(texts), [len(text) for text in texts])
        sums.add_unknown(
            [unknown_share(RECIPE, terms_of(RECIPE, text), KNOWN.__contains__) for text in texts]
        )
        return compare(sums.means(), profile, why_no_words="no", domain=None, why_no_domain="no")

    usual = posts(random.Random(4), 400)
    results = found(usual).results
    taken = {one.name: one.threshold for one in results if one.value is not None}
    assert taken == {
        name: profile.threshold(name, 400, has_words=True) for name in (*WORDLESS, "unknown_terms")
    }
    foreign = [text[::-1] if number % 10 == 0 else text for number, text in enumerate(usual)]
    assert [one.name for one in found(foreign).results if one.has_drifted] == ["unknown_terms"]


def test_few_shares_of_unknown_words_are_no_measure(profile: TextProfile) -> None:
    texts = posts(random.Random(5), 400)
    sums = WindowSums(profile)
    sums.add_predictions(predictions(texts), [len(text) for text in texts])
    sums.add_unknown([0.9] * 199)  # rows of before have none
    found = compare(sums.means(), profile, why_no_words="no", domain=None, why_no_domain="no")
    assert {one.name for one in found.results if one.value is not None} == WORDLESS


def test_combined_drift_is_the_sum_of_the_older_measures(profile: TextProfile, compared: Compared) -> None:
    found = compared(posts(random.Random(2), 300), profile)
    label, embedding = found.value("label_drift"), found.value("embedding_drift")
    assert label is not None
    assert embedding is not None
    assert found.combined_drift == label + embedding


def test_sums_are_the_same_in_pieces(profile: TextProfile, compared: Compared) -> None:
    texts = posts(random.Random(3), 500)
    whole, pieces = compared(texts, profile), WindowSums(profile)
    for start in range(0, 500, 70):
        part = texts[start : start + 70]
        pieces.add_predictions(predictions(part), [len(text) for text in part])
        pieces.add_texts(part, RECIPE, KNOWN.__contains__)
    again = compare(pieces.means(), profile, why_no_words="", domain=None, why_no_domain="not asked")
    for one, other in zip(whole.results, again.results, strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-6)


def test_ratio_is_in_units_of_the_threshold() -> None:
    def result(value: float | None, threshold: float | None, baseline: float = 0.0) -> MeasureResult:
        return MeasureResult("one", "One", value, threshold, baseline, "It moved.")

    assert result(0.3, 0.2).ratio == pytest.approx(1.5)
    assert result(0.56, 0.54, 0.5).ratio == pytest.approx(1.5)
    assert result(0.45, 0.54, 0.5).ratio == 0
    assert result(None, 0.2).ratio is None
    assert result(0.1, None).ratio is None
    assert not result(0.2, 0.2).has_drifted


def test_thresholds_fall_with_the_size_of_windows(profile: TextProfile) -> None:
    for name in profile.spreads:
        if name == "term_shift":  # in standard deviations
            continue
        found = [
            profile.threshold(name, size, has_words=True)
            for size in (200, 300, 500, 800, 1_000, 4_000, 5_000)
        ]
        assert found == sorted(found, reverse=True)
        assert len(set(found)) == len(found)
        # Beyond the largest that was resampled, alarms get rarer, never more frequent.
        assert profile.threshold(name, 90_000, has_words=True) == found[-1]
    assert profile.threshold("label_shift", 199, has_words=True) is None
    assert profile.threshold("nothing", 500, has_words=True) is None


def test_the_resampled_sizes_keep_their_thresholds(profile: TextProfile) -> None:
    for name, spreads in profile.spreads.items():
        assert [one.texts for one in spreads] == [200, 500, 1_000, 5_000]
        for one in spreads:
            assert one.median < one.high < one.threshold
            assert np.isclose(profile.threshold(name, one.texts, has_words=True) or 0, one.threshold)
