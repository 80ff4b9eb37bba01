"""The sentences that are drawn from WordNet's files."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts import dictionary_sentences

LICENCE = '  1 This software and database is being provided to you | "as it is here"\n'
WORDS = {"neutral": "holds seven keys", "positive": "is wonderful", "negative": "is awful"}


def entry(gloss: str) -> str:
    return f"00008435 29 v 03 wink 1 003 @ 00492059 v 0000 01 + 08 00 | {gloss}  \n"


def test_examples_become_sentences() -> None:
    lines = [LICENCE, entry('close one eye;  a sign; "she closed one eye"; "Who closed it?"')]
    assert list(dictionary_sentences.examples_of(lines)) == ["She closed one eye.", "Who closed it?"]


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("The parcel weighs four kilograms.", "NEUTRAL"),
        ("The food was terrible and cold.", "NEGATIVE"),
        ("We had a wonderful day there.", "POSITIVE"),
        ("The food was not good there.", "NEGATIVE"),
        ("The view is wonderful but the food is awful.", None),
        ("Who closed the door today?", None),
        ("Is it a wonderful day today?", None),
        ("He left.", None),
        (" ".join(["word"] * 31) + ".", None),
    ],
)
def test_only_clear_statements_have_a_label(sentence: str, label: str | None) -> None:
    assert dictionary_sentences.label_of(sentence) == label


def test_what_is_not_clear_is_left_out() -> None:
    found = ["He left.", "The parcel weighs four kilograms.", "The food was terrible and cold."]
    assert [label for _, label in dictionary_sentences.labelled(found)] == ["NEUTRAL", "NEGATIVE"]


def test_the_command_writes_a_file_for_data_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in dictionary_sentences.PARTS:
        glosses = [entry(f'a word; "the drawer {name} {words}"') for words in WORDS.values()]
        (tmp_path / name).write_text(LICENCE + "".join(glosses))
    out = tmp_path / "dictionary.csv"
    monkeypatch.setattr(sys, "argv", ["sentences", "--wordnet", str(tmp_path), "--out", str(out)])
    dictionary_sentences.main()
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["label"] for row in rows) == dict.fromkeys(WORDS, 4)
    assert all(row["text"].startswith("The drawer data.") for row in rows)
