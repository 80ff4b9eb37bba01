"""Reading YAML with the line of every key, and refusing keys that are written twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class LineIndex:
    """Where each key of a document stands."""

    lines: dict[Location, int]

    def of(self, location: Location) -> int:
        """The line (from 1) of `location`, or of its nearest ancestor that is written down."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)


def parse_with_lines(text: str) -> tuple[Any, LineIndex]:
    """Parse one YAML document into plain values and an index of lines.

    Raises:
        yaml.YAMLError: the text is not YAML, or a mapping holds a key twice (the later would win silently).
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Location, int] = {}
        if node is None:
            return None, LineIndex(lines)
        _collect(node, (), lines)
        return loader.construct_document(node), LineIndex(lines)
    finally:
        loader.dispose()


def _collect(node: yaml.Node, location: Location, lines: dict[Location, int]) -> None:
    lines.setdefault(location, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*location, key.value)
            if place in lines:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key.value}` is written twice", key.start_mark
                )
            lines[place] = key.start_mark.line + 1
            _collect(value, place, lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _collect(value, (*location, position), lines)
