"""The lists that ship with the project."""

import csv
import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.opinion_entries import _spelled, faces, phrases, words

LISTS = files("opinionlens.text") / "lexicons"
EVERYDAY = Path(__file__).parents[1] / "model" / "everyday.csv"
NAMES = ("phrases.txt", "words.tsv", "emoji.tsv", "frequencies.tsv")


def sentences():
    with EVERYDAY.open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


def plain(text):
    return " ".join(re.findall(r"[\w']+", text.lower().replace("-", " ")))


def phrase_texts(node, before=()):
    if node.sense is not None:
        yield " ".join(before)
    for word, following in node.next.items():
        yield from phrase_texts(following, (*before, word))


def test_no_list_holds_one_of_the_everyday_sentences():
    listed = {plain(phrase) for phrase in phrase_texts(phrases())} | {plain(word) for word in words()}
    asked = {plain(sentence) for sentence in sentences()} - {""}
    assert len(asked) > 180
    assert listed & asked == set()


@pytest.mark.parametrize("name", NAMES)
def test_no_file_quotes_one_of_the_everyday_sentences(name):
    content = (LISTS / name).read_text(encoding="utf-8").lower()
    assert [sentence for sentence in sentences() if sentence.lower() in content] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_list_is_small_and_has_its_licence_named(name):
    content = (LISTS / name).read_bytes()
    assert 0 < len(content) < 1_000_000
    assert f"`{name}`" in (LISTS / "README.md").read_text(encoding="utf-8")


def test_valences_are_within_their_scale():
    assert all(-4 <= sense.valence <= 4 for sense in words().values())
    assert all(-4 <= value <= 4 for value in faces().values())


def test_frequencies_are_shares():
    assert 0.03 < general_frequency("the") < 0.08
    assert general_frequency("the") > general_frequency("hotel") > general_frequency("zzyzx") == 0


def spelled_phrases():
    for line in (LISTS / "phrases.txt").read_text(encoding="utf-8").splitlines():
        effect, parted, patterns = line.partition(": ")
        if parted and not line.startswith("#"):
            for pattern in patterns.split(", "):
                yield from ((phrase, effect) for phrase in _spelled(pattern))


def test_no_phrase_has_two_effects():
    """The later one would count, and the other would be there for nothing."""
    effects = {}
    for phrase, effect in spelled_phrases():
        effects.setdefault(phrase, set()).add(effect)
    assert len(effects) > 3_000
    assert {phrase: found for phrase, found in effects.items() if len(found) > 1} == {}


def test_no_phrase_says_its_not_twice():
    """`don't|do not buy` is "don't not buy": each part of a pattern stands for one word."""
    negations = {"not", "never", "no", "cannot", "cant", "dont", "wont", "wouldnt"}
    twice = [
        " ".join(phrase)
        for phrase, _ in spelled_phrases()
        for word, following in pairwise(phrase)
        if (word in negations or word.endswith("n't")) and following in {"not", "don't", "can't", "cannot"}
    ]
    assert twice == []
