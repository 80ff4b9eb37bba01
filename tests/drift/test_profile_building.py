"""What a profile holds of its texts, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.drift_traffic import HELD_OUT, RECIPE, TRAINING, predictions

from opinionlens.drift.profile import TextProfile
from opinionlens.drift.profile_building import build_profile
from opinionlens.drift.reference import Reference, build_reference

TRACES = ("<wrong encoding>", "<misread encoding>")


def small(texts: list[str], known: set[str], *, resamples: int = 20) -> TextProfile:
    probabilities = np.tile([0.2, 0.5, 0.3], (len(texts), 1))
    return build_profile(texts, probabilities, known, RECIPE, seed=1, resamples=resamples)


def test_only_terms_of_many_texts_are_named() -> None:
    texts = ["often"] * 20 + ["seldom"] * 19 + ["call 5551234 now"] * 20
    profile = small(texts, {"often"})
    assert set(profile.terms) == {*TRACES, "often", "call", "now"}
    assert profile.term_shares[:2] == (0, 0)  # named before they begin
    assert profile.term_shares[profile.terms.index("often")] == pytest.approx(20 / 59, abs=1e-6)
    # One bucket each for the word of too few texts and the number.
    assert sorted(share for share in profile.rest_shares if share) == pytest.approx(
        [19 / 59, 20 / 59], abs=1e-6
    )
    assert len(profile.rest_shares) == 256


def test_unknown_words_are_counted_by_text() -> None:
    profile = small(["both most", "most", "both most never", "..."], {"both", "most", "both most"})
    # None, none, one of three; the last text has no words.
    assert profile.unknown_share == pytest.approx((0 + 0 + 1 / 3) / 3, abs=1e-6)


def test_without_single_words_there_is_no_unknown_share() -> None:
    profile = small(["a b"] * 30, {"a b"})
    assert profile.unknown_share is None
    assert "unknown_terms" not in profile.spreads


def test_no_text_can_be_read_in_it(profile: TextProfile) -> None:
    content = reference_with(profile).as_bytes()
    assert len(content) < 200_000
    stored = content.decode()
    assert not any(text in stored for text in (*TRAINING, *HELD_OUT))


def test_the_same_texts_give_the_same_bytes() -> None:
    again = [reference_with(small(["often so", "so it is"] * 30, {"so"})).as_bytes() for _ in range(2)]
    assert again[0] == again[1]


def test_a_profile_survives_json(profile: TextProfile) -> None:
    reference = reference_with(profile)
    assert Reference.from_bytes(reference.as_bytes()) == reference


def reference_with(profile: TextProfile) -> Reference:
    return build_reference(
        texts=TRAINING,
        labels=["NEUTRAL"] * len(TRAINING),
        sources=["posts"] * len(TRAINING),
        probabilities=predictions(TRAINING),
        known_words={"lovely"},
        recipe=RECIPE,
        profile=profile,
    )
