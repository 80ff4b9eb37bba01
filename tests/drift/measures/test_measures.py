"""Each measure by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from opinionlens.drift.measures.known_measures import MEASURES
from opinionlens.drift.measures.label_drift import kl_divergence
from opinionlens.drift.profile import Means

BY_NAME = {measure.name: measure for measure in MEASURES}


def row(*values: float) -> NDArray[np.float64]:
    return np.array([values], dtype=np.float64)


SAME = Means(
    100,
    labels=row(0.5, 0.25, 0.25),
    confidence=row(0.1, 0.2, 0.7),
    length=row(0.5, 0.5),
    read_texts=100,
    unknown=np.array([0.1]),
    embedding=row(1, 0),
    fourier=row(0.5, 0.5),
    terms=row(0.2, 0.4, 0.01),  # smoothed by half a text, or a term of none would have no expectation
)


@pytest.mark.parametrize(
    ("name", "changed", "value"),
    [
        # Half the mass moved to a label that had none: 1 bit × (½·1 + …); by hand below.
        ("label_shift", {"labels": row(0.0, 0.5, 0.5)}, None),
        ("label_drift", {"labels": row(0.25, 0.5, 0.25)}, 0.25 * np.log(0.5) + 0.5 * np.log(2)),
        ("confidence_shift", {"confidence": row(0.4, 0.2, 0.4)}, 0.3),
        ("length_shift", {"length": row(0.9, 0.1)}, 0.4),
        ("unknown_terms", {"unknown": np.array([0.04])}, 0.06),
        ("embedding_drift", {"embedding": row(0, 3)}, 1.0),
        ("embedding_drift", {"embedding": row(2, 2)}, 1 - np.sqrt(0.5)),
        ("embedding_mmd", {"fourier": row(0.2, 0.1)}, 0.5),
    ],
)
def test_values_by_hand(name: str, changed: dict[str, NDArray[np.float64]], value: float | None) -> None:
    if value is None:
        # Mixture (.25, .375, .375): KL of (0, .5, .5) is log2(4/3); of (.5, .25, .25) 1/2 + 1/2·log2(2/3).
        value = np.sqrt(0.5 * np.log2(4 / 3) + 0.5 * (0.5 + 0.5 * np.log2(2 / 3)))
    found = BY_NAME[name].values(replace(SAME, **changed), SAME)
    assert found.tolist() == pytest.approx([value], abs=1e-3)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_nothing_lies_between_a_window_and_itself(measure) -> None:
    assert measure.values(SAME, SAME)[0] == pytest.approx(0, abs=0.31)


def test_a_missing_label_gives_a_large_number_not_infinity() -> None:
    found = kl_divergence(row(0.5, 0.5, 0), row(1, 0, 0))[0]
    assert 1 < found < 10
    assert np.isfinite(kl_divergence(row(1, 0, 0), row(0, 0, 1))[0])


def test_the_most_moved_term_counts() -> None:
    """From .01 to .11 of 100 texts against 100: 2·50·(.11·ln(.11/e) − .11 + e), e = (100·.01 + .5)/101."""
    found = BY_NAME["term_shift"].values(replace(SAME, terms=row(0.2, 0.4, 0.11)), SAME)
    expected = 1.5 / 101
    assert found.tolist() == pytest.approx(
        [np.sqrt(100 * (0.11 * np.log(0.11 / expected) - 0.11 + expected))], abs=1e-9
    )


@pytest.mark.parametrize("name", ["unknown_terms", "embedding_drift", "embedding_mmd", "term_shift"])
def test_what_was_not_measured_is_refused(name: str) -> None:
    bare = Means(100, SAME.labels, SAME.confidence, SAME.length)
    with pytest.raises(ValueError, match=r"not known|no embeddings|no terms"):
        BY_NAME[name].values(bare, SAME)
    assert BY_NAME[name].needs_words


def test_every_measure_has_words_for_people() -> None:
    assert len(BY_NAME) == len(MEASURES) == 8
    for measure in MEASURES:
        assert measure.title
        assert measure.says.endswith(".")
