"""The lists that ship with the project."""

import csv
import re
from importlib.resources import files
from pathlib import Path

import pytest

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.opinion_entries import faces, phrases, words

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
