"""Without drift, alarms come at the stated rate; with it, they come."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom
from tests.support.drift_traffic import HELD_OUT, KNOWN, RECIPE, TRAINING, WORDS, posts, predictions

from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.measures.domain_classifier import tell_apart
from opinionlens.drift.profile import TextProfile
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.thresholds import joint_thresholds

Compared = Callable[[list[str], TextProfile], WindowComparison]
WINDOWS = 200


def expected(rate: float) -> tuple[int, int]:
    low, high = binom.interval(0.999, WINDOWS, rate)
    return int(low), int(high)


@pytest.mark.slow
def test_false_alarms_come_at_the_stated_rate(
    profile: TextProfile, easily_alarmed: TextProfile, compared: Compared
) -> None:
    """The size lies between two that were resampled; of the rate a tenth is the domain classifier's."""
    chance = random.Random(240)
    windows = [posts(chance, 240) for _ in range(WINDOWS)]
    for stated, one in ((0.01, profile), (0.1, easily_alarmed)):
        assert one.false_alarm_rate == stated
        alarms = sum(compared(texts, one).has_drifted for texts in windows)
        low, high = expected(stated * 0.9)
        assert low <= alarms <= high, stated


@pytest.mark.slow
def test_the_domain_classifier_alarms_at_its_rate() -> None:
    chance = random.Random(5)
    alarms = 0
    for window in range(WINDOWS):
        found = tell_apart(
            posts(chance, 200), chance.sample(TRAINING, 200), RECIPE, false_alarm_rate=0.1, seed=window
        )
        alarms += found.auc > found.threshold
    low, high = expected(0.1)
    assert low <= alarms <= high


def test_joint_thresholds_are_passed_at_the_rate() -> None:
    random_ = np.random.default_rng(0)
    # Two that go together, one that does not, on other scales.
    first = random_.normal(size=10_000)
    values = {
        "a": first,
        "b": 100 * first + random_.normal(size=10_000),
        "c": random_.exponential(size=10_000),
    }
    thresholds = joint_thresholds(values, 0.05)
    passed = np.any([values[name] >= thresholds[name] for name in values], axis=0).mean()
    assert 0.048 <= passed <= 0.05
    # The same rank everywhere: nobody is given more of the rate.
    ranks = {name: int((values[name] >= thresholds[name]).sum()) for name in values}
    assert len(set(ranks.values())) == 1


def test_a_measure_that_never_varies_gives_no_alarm() -> None:
    values = {"flat": np.zeros(1_000), "other": np.arange(1_000.0)}
    thresholds = joint_thresholds(values, 0.01)
    assert thresholds["flat"] == 0.0  # and drift is only what lies above
    assert thresholds["other"] == 990.0


def usual(count: int) -> list[str]:
    return posts(random.Random(11), count)


def new_topic(count: int) -> list[str]:
    """One post in eight is about a recall, in words that are known."""
    return [
        f"{WORDS[300]} {WORDS[301]} {text}" if n % 8 == 0 else text for n, text in enumerate(usual(count))
    ]


def another_domain(count: int) -> list[str]:
    return posts(random.Random(12), count, length=(60, 120))


def swapped_labels(count: int) -> list[str]:
    return posts(random.Random(13), count, shares=(0.2, 0.3, 0.5))


def another_language(count: int) -> list[str]:
    return [text[::-1] if n % 5 == 0 else text for n, text in enumerate(usual(count))]


def bot(count: int) -> list[str]:
    return [f"win a {WORDS[40]} now" if n % 12 == 0 else text for n, text in enumerate(usual(count))]


def mojibake(count: int) -> list[str]:
    return [text.encode().decode("cp1252", errors="replace") for text in usual(count)]


def lost_characters(count: int) -> list[str]:
    return [text.encode("latin-1", errors="replace").decode(errors="replace") for text in usual(count)]


def cut_short(count: int) -> list[str]:
    return [text[:100] for text in usual(count)]


SHIFTS = {
    new_topic: "term_shift",
    another_domain: "length_shift",
    swapped_labels: "label_shift",
    another_language: "unknown_terms",
    bot: "term_shift",
    mojibake: "term_shift",
    lost_characters: "unknown_terms",
    cut_short: "length_shift",
}


@pytest.mark.parametrize("shift", SHIFTS, ids=lambda shift: shift.__name__)
def test_a_shift_is_noticed(
    shift: Callable[[int], list[str]], profile: TextProfile, compared: Compared
) -> None:
    found = compared(shift(1_000), profile)
    assert found.has_drifted
    assert SHIFTS[shift] in [one.name for one in found.results if one.has_drifted]
    assert found.score is not None
    assert found.score > 1


@pytest.mark.parametrize(
    "shift", [another_domain, another_language, lost_characters, mojibake], ids=lambda one: one.__name__
)
def test_the_domain_classifier_notices_it_too(shift: Callable[[int], list[str]]) -> None:
    found = tell_apart(shift(1_000), TRAINING[:1_000], RECIPE, false_alarm_rate=0.001, seed=1)
    assert found.auc > found.threshold
    assert 0.5 < found.threshold < 0.6


def test_the_words_of_a_shift_are_named(profile: TextProfile, compared: Compared) -> None:
    texts = new_topic(1_000)
    assert {WORDS[300], WORDS[301]} >= {one.word for one in compared(texts, profile).words[:2]}
    assert compared(usual(1_000), profile).words == ()
    told = tell_apart(bot(1_000), TRAINING[:1_000], RECIPE, false_alarm_rate=0.001, seed=1)
    assert "win" in told.served_words
    assert all("win" in text for text in told.served_examples)
    assert not any("win" in text for text in told.training_examples)


def test_misread_texts_are_seen_where_training_texts_lost_characters(compared: Compared) -> None:
    """Of one text in six characters were lost; then one in eight is read in a wrong encoding."""

    def with_losses(texts: list[str]) -> list[str]:
        return [f"{text} \ufffd" if n % 6 == 0 else text for n, text in enumerate(texts)]

    texts = with_losses(HELD_OUT)
    profile = build_profile(texts, predictions(texts), KNOWN, RECIPE, seed=3, resamples=1_000)
    window = with_losses(posts(random.Random(31), 200))
    assert not compared(window, profile).has_drifted
    window = [
        text.encode().decode("cp1252", errors="replace") if n % 8 == 1 else text
        for n, text in enumerate(window)
    ]
    found = compared(window, profile)
    assert [one.name for one in found.results if one.has_drifted] == ["term_shift"]
    assert "<misread encoding>" in [one.word for one in found.words]


def test_texts_without_a_common_word_cannot_be_told_apart() -> None:
    served, training = [f"a{n}x" for n in range(200)], [f"b{n}x" for n in range(200)]
    found = tell_apart(served, training, RECIPE, false_alarm_rate=0.001, seed=1)
    assert found.auc == 0.5
    assert found.served_words == ()
