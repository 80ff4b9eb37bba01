"""A profile of made-up posts, at two rates of false alarms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.drift_traffic import HELD_OUT, KNOWN, RECIPE, predictions

from opinionlens.drift.comparison import WindowComparison, compare
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.windows import WindowSums


def profile_at(rate: float) -> TextProfile:
    return build_profile(
        HELD_OUT,
        predictions(HELD_OUT),
        KNOWN,
        RECIPE,
        seed=3,
        false_alarm_rate=rate,
        resamples=1_000,
    )


@pytest.fixture(scope="session")
def profile() -> TextProfile:
    return profile_at(0.01)


@pytest.fixture(scope="session")
def easily_alarmed() -> TextProfile:
    return profile_at(0.1)


@pytest.fixture(scope="session")
def compared() -> Callable[[list[str], TextProfile], WindowComparison]:
    def compare_texts(texts: list[str], profile: TextProfile) -> WindowComparison:
        sums = WindowSums(profile)
        sums.add_predictions(predictions(texts), [len(text) for text in texts])
        sums.add_texts(texts, RECIPE, KNOWN.__contains__)
        return compare(sums.means(), profile, why_no_words="no texts", domain=None, why_no_domain="not asked")

    return compare_texts
