"""The tree of phrases, and the patterns that fill it.

A pattern such as "can't|cannot wait (for)" stands for several sequences of words. Written out, the lists
would hold a hundred thousand; here alternatives share the branch behind them, so a pattern costs as many
nodes as it has parts. A shared branch is never changed: a pattern that needs another one gets a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Sense(NamedTuple):
    """The effect of a word or phrase.

    Attributes:
        valence: from -4 to 4.
        effect: one of the effects of `phrases.txt`, or "" for a valence alone.
        fixed: whether negators and intensifiers before it leave it as it is.
        inferred: whether the valence comes from word vectors and not from people.
    """

    valence: float = 0.0
    effect: str = ""
    fixed: bool = False
    inferred: bool = False


@dataclass(slots=True)
class Node:
    """A node in the tree of phrases."""

    sense: Sense | None = None
    next: dict[str, Node] = field(default_factory=dict)


class Part(NamedTuple):
    """The alternatives at one place of a pattern."""

    choices: tuple[tuple[str, ...], ...]
    optional: bool


Pattern = tuple[Part, ...]


class PatternReader:
    """A reader of the patterns in one list.

    It keeps the parts that it has read, for many patterns share them.
    """

    def __init__(self) -> None:
        """Begin without named alternatives."""
        self._sets: dict[str, str] = {}
        self._parts: dict[str, Part] = {}

    def name(self, name: str, choices: str) -> None:
        """Give alternatives `a|b` a name, such as `@name`."""
        self._sets[name] = choices

    def read(self, pattern: str) -> Pattern:
        """Return the parts of a pattern, written as `phrases.txt` explains."""
        return tuple([self._parts.get(one) or self._part(one) for one in pattern.split()])

    def _part(self, written: str) -> Part:
        named = "|".join(self._sets.get(one, one) for one in written.strip("()").split("|"))
        choices = tuple(tuple(choice.split("-")) for choice in named.split("|"))
        self._parts[written] = part = Part(choices, optional=written.startswith("("))
        return part


def single_words(pattern: Pattern) -> Iterator[str]:
    """Return a pattern's sequences of one word."""
    needed = [part for part in pattern if not part.optional]
    if len(needed) > 1:
        return
    for part in needed or pattern:
        for choice in part.choices:
            if len(choice) == 1:
                yield choice[0]


def words_of(pattern: Pattern) -> Iterator[str]:
    """Return the words in a pattern."""
    for part in pattern:
        for choice in part.choices:
            yield from choice


class PhraseTree:
    """All phrases of the lists, by their first word.

    The branch of a word grows when the word is first met: most texts use few of them.
    """

    def __init__(self, patterns: Sequence[tuple[Pattern, Sense]]) -> None:
        """Index the patterns.

        Of two with the same words the first holds.
        """
        self._grown: dict[str, Node | None] = {}
        self._waiting: dict[str, list[tuple[Pattern, Sense]]] = {}
        for pattern, sense in patterns:
            for word in first_words(pattern):
                self._waiting.setdefault(word, []).append((pattern, sense))

    def starts(self, word: str) -> Node | None:
        """Return the node of a first word, if any."""
        if word not in self._grown:
            root = Node()
            for pattern, sense in self._waiting.pop(word, ()):
                _add_from(root, word, pattern, sense)
            self._grown[word] = root.next.get(word)
        return self._grown[word]


def first_words(pattern: Pattern) -> set[str]:
    """Return the words that a pattern may start with."""
    found: set[str] = set()
    for part in pattern:
        found.update(choice[0] for choice in part.choices)
        if not part.optional:
            break
    return found


def _add_from(root: Node, word: str, pattern: Pattern, sense: Sense) -> None:
    """Add those sequences of a pattern that start with `word`."""
    branches: dict[tuple[int, int], Node] = {}
    kept: list[Node] = []  # their ids are in `branches`: none may be freed meanwhile
    for index, part in enumerate(pattern):
        for choice in part.choices:
            if choice[0] == word:
                _hang(root, choice, pattern, index + 1, sense, branches, kept)
        if not part.optional:
            break


def _hang(
    parent: Node,
    choice: tuple[str, ...],
    pattern: Pattern,
    index: int,
    sense: Sense,
    branches: dict[tuple[int, int], Node],
    kept: list[Node],
) -> None:
    """Hang a choice, and the parts behind, on a node."""
    node = parent
    for word in choice[:-1]:
        old = node.next.get(word)
        node.next[word] = node = Node(old.sense, dict(old.next)) if old else Node()
    last = choice[-1]
    node.next[last] = _joined(node.next.get(last), pattern, index, sense, branches, kept)


def _joined(
    old: Node | None,
    pattern: Pattern,
    index: int,
    sense: Sense,
    branches: dict[tuple[int, int], Node],
    kept: list[Node],
) -> Node:
    """Return a copy of `old` with further parts."""
    key = (id(old), index)
    if (known := branches.get(key)) is not None:
        return known
    if old is not None:
        kept.append(old)
    node = Node(old.sense, dict(old.next)) if old else Node()
    if all(part.optional for part in pattern[index:]) and node.sense is None:
        node.sense = sense
    for at in range(index, len(pattern)):
        for choice in pattern[at].choices:
            _hang(node, choice, pattern, at + 1, sense, branches, kept)
        if not pattern[at].optional:
            break
    branches[key] = node
    return node
