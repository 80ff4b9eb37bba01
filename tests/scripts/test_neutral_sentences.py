"""The neutral sentences that are drawn from WordNet's files."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from scripts import neutral_sentences

LICENCE = "  1 This software and database is being provided to you | as it is\n"


def entry(gloss: str) -> str:
    return f"00008435 29 v 03 wink 1 003 @ 00492059 v 0000 01 + 08 00 | {gloss}  \n"


def test_definitions_and_examples_become_sentences() -> None:
    lines = [LICENCE, entry('close one eye;  a sign; "she closed one eye"; "Who closed it?"')]
    assert list(neutral_sentences.sentences_of(lines)) == [
        ("example", "She closed one eye."),
        ("example", "Who closed it?"),
        ("definition", "Close one eye."),
    ]


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("The parcel weighs four kilograms.", True),
        ("The food was terrible and cold.", False),
        ("We had a great day there.", False),
        ("Who closed the door today?", False),
        ("He left.", False),
        (" ".join(["word"] * 31) + ".", False),
    ],
)
def test_plain_is_a_short_statement_without_opinion(sentence: str, plain: bool) -> None:
    assert neutral_sentences.is_plain(sentence) is plain


def test_the_draw_is_half_and_half_and_repeats_itself() -> None:
    found = [
        (kind, f"The {side} drawer holds {number} keys.")
        for kind, side in (("example", "left"), ("definition", "upper"))
        for number in range(50)
    ]
    drawn = neutral_sentences.draw(found, 20, 7)
    assert [kind for _, kind in drawn].count("example") == 10
    assert len(set(drawn)) == 20
    assert neutral_sentences.draw(reversed(found), 20, 7) == drawn
    assert neutral_sentences.draw(found, 20, 8) != drawn


def test_the_command_writes_a_file_for_data_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in neutral_sentences.PARTS:
        (tmp_path / name).write_text(LICENCE + entry(f'a part of {name} in a box; "it is an awful box"'))
    out = tmp_path / "neutral.csv"
    monkeypatch.setattr(sys, "argv", ["neutral", "--wordnet", str(tmp_path), "--out", str(out)])
    neutral_sentences.main()
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows} == {"neutral"}
    assert sorted(row["text"] for row in rows) == sorted(
        f"A part of {name} in a box." for name in neutral_sentences.PARTS
    )
