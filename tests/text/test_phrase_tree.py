from itertools import product

import pytest

from opinionlens.text.phrase_tree import (
    PatternReader,
    PhraseTree,
    Sense,
    first_words,
    single_words,
    words_of,
)

PRAISE, BLAME = Sense(2.0), Sense(-2.0)


def read(pattern, **sets):
    reader = PatternReader()
    for name, choices in sets.items():
        reader.name(f"@{name}", choices)
    return reader.read(pattern)


def tree(*patterns):
    return PhraseTree([(read(pattern), sense) for pattern, sense in patterns])


def expanded(pattern):
    """Every sequence of words that a pattern stands for."""
    if not pattern:
        yield ()
        return
    first, rest = pattern[0], pattern[1:]
    for behind in expanded(rest):
        for choice in first.choices:
            yield (*choice, *behind)
        if first.optional:
            yield behind


def found(phrases, words):
    first, *rest = words.split()
    node = phrases.starts(first)
    for word in rest:
        node = node and node.next.get(word)
    return node and node.sense


def listed(*patterns):
    """All sequences of words in the tree of the patterns."""

    def below(node, before):
        if node.sense is not None:
            yield " ".join(before)
        for word, following in node.next.items():
            yield from below(following, (*before, word))

    phrases = PhraseTree([(pattern, PRAISE) for pattern in patterns])
    firsts = {word for pattern in patterns for word in first_words(pattern)}
    return sorted(phrase for word in firsts for phrase in below(phrases.starts(word), (word,)))


def test_a_pattern_stands_for_each_of_its_choices():
    assert listed(read("so|very (very) good|fine at-all")) == sorted(
        " ".join(filter(None, words))
        for words in product(("so", "very"), ("very", ""), ("good", "fine"), ("at all",))
    )


def test_a_set_stands_for_its_words():
    assert listed(read("@cant|won't wait", cant="can't|cant|can-not")) == [
        "can not wait",
        "can't wait",
        "cant wait",
        "won't wait",
    ]


@pytest.mark.parametrize(
    "pattern", ["a|b c|d (e) f-g", "(a) b (c)", "x y|z-z (w|v) u", "one", "(so) good", "a (b) (c) (d) e"]
)
def test_the_tree_holds_what_the_pattern_expands_to(pattern):
    assert set(listed(read(pattern))) == {" ".join(sequence) for sequence in expanded(read(pattern))} - {""}


def test_patterns_that_share_words_keep_apart():
    root = tree(("a|b x|y", PRAISE), ("a z", BLAME), ("b x w", BLAME), ("a x", BLAME))
    assert found(root, "a z") == BLAME
    assert found(root, "b z") is None
    assert found(root, "b x w") == BLAME
    assert found(root, "a x w") is None
    assert found(root, "b y w") is None


def test_what_came_first_holds():
    root = tree(("very good", PRAISE), ("very|so good", BLAME))
    assert found(root, "very good") == PRAISE
    assert found(root, "so good") == BLAME


def test_a_pattern_costs_its_parts_and_not_its_sequences():
    def nodes(node, seen):
        if id(node) not in seen:
            seen.add(id(node))
            for following in node.next.values():
                nodes(following, seen)
        return len(seen)

    many = " ".join("|".join(f"{place}{choice}" for choice in range(10)) for place in "abcdef")
    assert nodes(tree((many, PRAISE)).starts("a0"), set()) <= 6


def test_single_words_and_words():
    pattern = read("(so) worth|well-worth (it)")
    assert list(single_words(pattern)) == ["worth"]
    assert list(single_words(read("so good"))) == []
    assert set(words_of(pattern)) == {"so", "worth", "well", "it"}


def test_a_word_that_starts_no_phrase_has_no_branch():
    phrases = tree(("(so) good", PRAISE))
    assert phrases.starts("zebra") is None
    assert found(phrases, "so good") == found(phrases, "good") == PRAISE
