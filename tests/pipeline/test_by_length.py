"""Scores by length, and the everyday sentences as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.pipeline.by_length import scores_by_length
from opinionlens.pipeline.everyday_sentences import read_everyday
from opinionlens.pipeline.paths import Paths

ROOT = Path(__file__).parents[2]


def test_lengths_of_a_hundred_texts_or_more_are_scored() -> None:
    short, long = ["I love it"] * 99 + [""], ["I love it " * 50] * 99  # 3 and 150 tokens
    middle = ["it was awful " * 20] * 100  # 60 tokens
    labels = ["POSITIVE"] * 99 + ["NEUTRAL"] + ["POSITIVE"] * 99 + ["POSITIVE"] * 100
    found = scores_by_length(LexiconClassifier(), [*short, *long, *middle], labels)
    assert {name: (one["n"], one.get("accuracy")) for name, one in found.items()} == {
        "at_most_32_tokens": (100, 1.0),
        "33_to_100_tokens": (100, 0.0),
        "101_to_400_tokens": (99, None),
        "over_400_tokens": (0, None),
    }
    assert "ece" in found["33_to_100_tokens"]


@pytest.mark.parametrize(
    ("tokens", "name"),
    [
        (0, "at_most_32_tokens"),
        (32, "at_most_32_tokens"),
        (33, "33_to_100_tokens"),
        (100, "33_to_100_tokens"),
        (101, "101_to_400_tokens"),
        (400, "101_to_400_tokens"),
        (401, "over_400_tokens"),
    ],
)
def test_the_ends_of_the_lengths(tokens: int, name: str) -> None:
    found = scores_by_length(LexiconClassifier(), ["word " * tokens], ["NEUTRAL"])
    assert [one for one, scores in found.items() if scores["n"]] == [name]


def write(root: Path, content: str) -> Paths:
    path = root / "tests" / "model" / "everyday.csv"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    return Paths(root)


def test_the_projects_own_sentences_are_two_hundred_in_twenty_kinds() -> None:
    found = read_everyday(Paths(ROOT))
    assert found is not None
    kinds, counts = np.unique(found.kinds, return_counts=True)
    assert (len(kinds), set(counts.tolist())) == (20, {10})


def test_a_project_may_have_none(tmp_path: Path) -> None:
    assert read_everyday(Paths(tmp_path)) is None


@pytest.mark.parametrize("row", ["plain,I love it,GOOD", "plain,I love it", "plain,I love it,POSITIVE,more"])
def test_another_label_or_column_is_refused(row: str, tmp_path: Path) -> None:
    with pytest.raises(StageFailed, match="Row 3 is no everyday sentence"):
        read_everyday(write(tmp_path, f"kind,text,label\nplain,It is blue,NEUTRAL\n{row}\n"))
