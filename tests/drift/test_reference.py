from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.drift.reference import (
    Reference,
    build_reference,
    describe,
)
from opinionlens.text.recipe import RECIPES, Recipe

TEXTS = ["good flight", "bad bad seat", "12 :)", "x" * 15]
LABELS_GIVEN = ["POSITIVE", "NEGATIVE", "NEUTRAL", "NEUTRAL"]
PROBABILITIES = np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2]])


def build(**changed: Any) -> Reference:
    given = {
        "texts": TEXTS,
        "labels": LABELS_GIVEN,
        "sources": ["tweets", "films", "tweets", "tweets"],
        "probabilities": PROBABILITIES,
        "known_words": ("good", "bad", "bad seat"),
        "recipe": RECIPES["social-v1"],
    }
    return build_reference(**(given | changed))


def test_shares_by_hand() -> None:
    reference = build()
    assert reference.n == 4
    assert reference.recipe == "social-v1"
    assert reference.label_shares == {"NEGATIVE": 0.25, "NEUTRAL": 0.5, "POSITIVE": 0.25}
    assert reference.predicted_shares == {"NEGATIVE": 0.5, "NEUTRAL": 0.25, "POSITIVE": 0.25}
    assert reference.mean_probabilities == {"NEGATIVE": 0.425, "NEUTRAL": 0.25, "POSITIVE": 0.325}
    assert reference.sources == {"films": 1, "tweets": 3}
    assert reference.confidence.mean == pytest.approx((0.7 + 0.8 + 0.4 + 0.5) / 4)


def test_lengths_are_code_points_of_the_raw_text() -> None:
    lengths = build(texts=["a" * 9, "é" * 10, "👍" * 11, "b" * 5000]).length_chars
    assert lengths.n == 4
    assert lengths.edges == (10, 20, 40, 80, 120, 160, 280, 560, 1120, 2240, 4480)
    assert lengths.shares == (0.25, 0.5, *[0.0] * 9, 0.25)


def test_known_share_counts_single_words_in_texts_that_have_words() -> None:
    """good|flight: 1 of 2. bad|bad|seat: 2 of 3 ("bad seat" is no single word). 12 and :) are no words."""
    known = build().known_share
    assert known is not None
    assert known.n == 3
    assert known.mean == pytest.approx((1 / 2 + 2 / 3 + 0) / 3, abs=1e-6)
    assert known.shares == pytest.approx((1 / 3, 0, 0, 0, 0, 1 / 3, 1 / 3, 0, 0, 0), abs=1e-6)


def test_a_negated_word_is_known_when_the_word_is() -> None:
    recipe = Recipe("social-v1", negation_scope=True)
    known = build(texts=["not good"] * 4, known_words=["good", "not"], recipe=recipe).known_share
    assert known is not None
    assert known.mean == 1.0


@pytest.mark.parametrize(
    "changed", [{"known_words": ("bad seat",)}, {"known_words": ()}, {"texts": ["1", "2", "3", "4"]}]
)
def test_without_single_words_there_is_no_known_share(changed: dict[str, Any]) -> None:
    assert build(**changed).known_share is None


def test_many_texts_are_tokenised_in_part_but_counted_in_full() -> None:
    n = 40_001
    reference = build(
        texts=["good flight"] * n,
        labels=["POSITIVE"] * n,
        sources=["tweets"] * n,
        probabilities=PROBABILITIES[[0] * n],
    )
    assert reference.n == reference.length_chars.n == n
    assert reference.known_share is not None
    assert reference.known_share.n == 13_334  # every third


@pytest.mark.parametrize("column", ["texts", "labels", "sources", "probabilities"])
def test_columns_have_to_match(column: str) -> None:
    shorter = {"texts": TEXTS, "labels": LABELS_GIVEN, "sources": ["a"] * 4, "probabilities": PROBABILITIES}
    with pytest.raises(ValueError, match="same rows"):
        build(**{column: shorter[column][:3]})


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build(texts=[], labels=[], sources=[], probabilities=PROBABILITIES[:0])


def test_quantiles_and_bins_by_hand() -> None:
    described = describe(range(101), (0.0, 50.0, 100.0))
    assert described.quantiles == {
        "0.01": 1.0,
        "0.05": 5.0,
        "0.25": 25.0,
        "0.5": 50.0,
        "0.75": 75.0,
        "0.95": 95.0,
        "0.99": 99.0,
    }
    # Below 0: none; 0 to 49: 50; 50 to 99: 50; 100: 1.
    assert described.shares == pytest.approx((0.0, 50 / 101, 50 / 101, 1 / 101), abs=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_every_value_has_one_bin_and_quantiles_rise(values: list[float]) -> None:
    described = describe(values, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
    assert sum(described.shares) == pytest.approx(1.0, abs=1e-5)
    assert list(described.quantiles.values()) == sorted(described.quantiles.values())
    assert min(values) - 1e-6 <= described.mean <= max(values) + 1e-6


@pytest.mark.parametrize("known_words", [("good",), ()])
def test_survives_json(known_words: tuple[str, ...]) -> None:
    reference = build(known_words=known_words)
    assert Reference.from_bytes(reference.as_bytes()) == reference


def test_the_same_profile_gives_the_same_bytes() -> None:
    assert build().as_bytes() == build(known_words={"bad seat", "bad", "good"}).as_bytes()


def test_no_word_of_the_texts_is_written() -> None:
    content = build().as_bytes().decode()
    assert "flight" not in content
    assert "good" not in content


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in build().as_dict().items() if key != name}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "format 2"),
        (without("format"), "format 2"),
        (build().as_dict() | {"format": 3}, "format 2"),
        (build().as_dict() | {"format": True}, "format 2"),
        (without("n"), "content lacks the fields: n"),
        (build().as_dict() | {"more": 1}, "content has unknown fields: more"),
        (build().as_dict() | {"confidence": None}, "its confidence must be an object"),
        (build().as_dict() | {"known_share": {"n": 1}}, "its known_share lacks the fields: mean"),
        (
            build().as_dict() | {"confidence": build().as_dict()["confidence"] | {"edges": 1}},
            "its confidence.edges must be an array",
        ),
        (
            build().as_dict() | {"confidence": build().as_dict()["confidence"] | {"shares": [1.0]}},
            "do not fit",
        ),
    ],
)
def test_another_shape_is_refused_with_a_remedy(values: Any, reason: str) -> None:
    with pytest.raises(ArtifactUnsupported, match=reason) as caught:
        Reference.from_bytes(json.dumps(values).encode())
    assert "Train the classifier again" in str(caught.value)


def test_format_1_is_read_without_a_profile() -> None:
    older = {name: value for name, value in build().as_dict().items() if name != "profile"} | {"format": 1}
    assert Reference.from_bytes(json.dumps(older).encode()) == build()
    with pytest.raises(ArtifactUnsupported, match="lacks the fields: profile"):
        Reference.from_bytes(json.dumps(older | {"format": 2}).encode())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 200_000])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactUnsupported, match="is not JSON"):
        Reference.from_bytes(content)
