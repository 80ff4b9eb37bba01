"""Reading YAML with line numbers and without repeated keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class LineIndex:
    """The line of each key of a document."""

    lines: dict[Location, int]

    def of(self, location: Location) -> int:
        """Return the line (from 1) of a key.

        Or that of its nearest ancestor that is written down.
        """
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def parse_with_lines(text: str) -> tuple[Any, LineIndex]:
    """Parse a YAML document into values and line numbers.

    Raises:
        yaml.YAMLError: the text is not YAML, a mapping holds a key twice (the later would win silently), or a
            value refers to another (a file of parameters needs no anchors, and they can grow without end).
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Location, int] = {}
        if node is None:
            return None, LineIndex(lines)
        _collect(node, (), lines, set())
        return loader.construct_document(node), LineIndex(lines)
    finally:
        loader.dispose()


def _collect(node: yaml.Node, location: Location, lines: dict[Location, int], seen: set[int]) -> None:
    if id(node) in seen and not isinstance(node, yaml.ScalarNode):
        raise _refused("a value refers to another one with *; write it out", node)
    seen.add(id(node))
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a key must be a plain word", key)
            place = (*location, key.value)
            if place in lines:
                raise _refused(f"the key `{key.value}` is written twice", key)
            lines[place] = key.start_mark.line + 1
            _collect(value, place, lines, seen)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _collect(value, (*location, position), lines, seen)


def _refused(what: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)
