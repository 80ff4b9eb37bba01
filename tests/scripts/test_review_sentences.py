"""The sentences that are drawn from labelled reviews."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from opinionlens.text.labels import Label
from scripts import review_sentences


def rows(*reviews: tuple[str, str]) -> list[dict[str, str]]:
    return [{"review": review, "sentiment": sentiment} for review, sentiment in reviews]


def test_the_last_sentence_is_the_verdict() -> None:
    found = rows(
        ("A great cast.<br /><br />Don&#39;t waste  your time!", "negative"),
        ("I did not like the book. I loved this film.", "positive"),
    )
    assert list(review_sentences.verdicts_of(found)) == [
        ("Don't waste your time!", Label.NEGATIVE),
        ("I loved this film.", Label.POSITIVE),
    ]


@pytest.mark.parametrize(
    ("sentence", "label", "is_one"),
    [
        ("This one richly deserves its success.", "POSITIVE", True),
        ("A truly awful film.", "NEGATIVE", True),
        ("A truly awful film.", "POSITIVE", False),
        ("Not a very good film.", "NEGATIVE", True),
        ("Not a very good film.", "POSITIVE", False),
        ("The train left at seven.", "NEGATIVE", False),
        ("Is it a great film?", "POSITIVE", False),
        ("Great film!", "POSITIVE", False),
        ("great film from beginning to end", "POSITIVE", False),
        ("great " * 21 + ".", "POSITIVE", False),
    ],
)
def test_a_verdict_is_short_has_an_opinion_and_contradicts_nothing(
    sentence: str, label: str, is_one: bool
) -> None:
    assert review_sentences.is_verdict(sentence, Label(label)) is is_one


def test_rows_without_a_known_label_are_passed_over() -> None:
    assert list(review_sentences.verdicts_of(rows(("A truly awful film.", "mixed"), ("", "negative")))) == []


def test_the_command_leaves_out_the_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reviews, out = tmp_path / "reviews.csv", tmp_path / "sentences.csv"
    with reviews.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "sentiment"])
        for number in range(4):
            writer.writerow([f"Seen twice,\nof course. Number {number} is wonderful.", "positive"])
            writer.writerow([f"Seen twice. Number {number} is awful.", "negative"])
    command = ["sentences", "--reviews", str(reviews), "--skip", "4", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", command)
    review_sentences.main()
    with out.open(newline="", encoding="utf-8") as file:
        found = sorted((row["text"], row["label"]) for row in csv.DictReader(file))
    assert found == [
        ("Number 2 is awful.", "negative"),
        ("Number 2 is wonderful.", "positive"),
        ("Number 3 is awful.", "negative"),
        ("Number 3 is wonderful.", "positive"),
    ]
