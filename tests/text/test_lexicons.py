"""The lists that ship with the project."""

import csv
import re
from functools import cache, reduce
from importlib.resources import files
from itertools import pairwise, product
from pathlib import Path

import pytest

from opinionlens.text.frequencies import general_frequency
from opinionlens.text.opinion_entries import PHRASE_LISTS, faces, phrases, words
from opinionlens.text.phrase_tree import Node, PatternReader, PhraseTree, Sense, first_words

LISTS = files("opinionlens.text") / "lexicons"
EVERYDAY = Path(__file__).parents[1] / "model" / "everyday.csv"
NAMES = (*PHRASE_LISTS, "words.tsv", "emoji.tsv", "frequencies.tsv")


def sentences():
    with EVERYDAY.open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


def plain(text):
    return " ".join(re.findall(r"[\w']+", text.lower().replace("-", " ")))


@cache
def patterns(name):
    """The patterns of a list, with their effects."""
    found, reader = [], PatternReader()
    for line in (LISTS / name).read_text(encoding="utf-8").splitlines():
        effect, parted, written = line.partition(": ")
        if effect.startswith("@"):
            reader.name(effect, written)
        elif parted and not line.startswith("#"):
            found += [(pattern, reader.read(pattern), effect) for pattern in written.split(", ")]
    return found


def senses_of(words):
    node = phrases().starts(words[0])
    for word in words[1:]:
        node = node and node.next.get(word)
    return node and node.sense


def test_no_list_holds_one_of_the_everyday_sentences():
    asked = {plain(sentence) for sentence in sentences()} - {""}
    assert len(asked) > 180
    assert [sentence for sentence in asked if senses_of(sentence.split())] == []
    assert asked & {plain(word) for word in words()} == set()


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


def direction(effect):
    try:
        value = float(effect.removeprefix("="))
    except ValueError:
        return effect
    return "praise" if value > 0 else "blame" if value < 0 else "none"


def test_no_phrase_means_two_things():
    """The earlier one would count, and the other would be there for nothing."""
    tree = PhraseTree(
        [
            (pattern, Sense(effect=direction(effect)))
            for name in PHRASE_LISTS
            for _, pattern, effect in patterns(name)
        ]
    )
    firsts = {
        word for name in PHRASE_LISTS for _, pattern, _ in patterns(name) for word in first_words(pattern)
    }
    root = Node(next={word: tree.starts(word) for word in firsts})
    contradictions = [
        (name, written)
        for name in PHRASE_LISTS
        for written, pattern, effect in patterns(name)
        for sense in endings(root, pattern, {})
        if sense is not None and sense.effect != direction(effect)
    ]
    assert contradictions == []


def endings(node, pattern, known):
    """The senses in a tree where a pattern ends; `known` keeps what was found below a node."""
    if not pattern:
        return {node.sense}
    key = (id(node), len(pattern))
    if key not in known:
        part, rest = pattern[0], pattern[1:]
        known[key] = endings(node, rest, known) if part.optional else set()
        for choice in part.choices:
            known[key] |= endings(reduce(lambda at, word: at.next[word], choice, node), rest, known)
    return known[key]


@pytest.mark.parametrize("name", PHRASE_LISTS)
def test_no_phrase_says_its_not_twice(name):
    """`don't|do not buy` is "don't not buy": each part of a pattern stands for one word."""
    negations = {"not", "never", "no", "cannot", "cant", "dont", "wont", "wouldnt"}
    twice = [
        written
        for written, pattern, _ in patterns(name)
        for part, following in pairwise(pattern)
        for before, behind in product(part.choices, following.choices)
        if (before[-1] in negations or before[-1].endswith("n't"))
        and behind[0] in {"not", "don't", "can't", "cannot"}
    ]
    assert twice == []
