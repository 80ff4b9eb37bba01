"""The version that waits to replace the champion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Numbered(Protocol):
    """A version with a name and a number."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def number(self) -> int:
        """The number of the version."""


V = TypeVar("V", bound=Numbered)


def challenger_of(active: tuple[str, int], versions: Iterable[V]) -> V | None:
    """Return the newest of the versions that are newer.

    Args:
        active: name and number of the version that answers.
        versions: those to choose from; others of another name do not count.
    """
    name, number = active
    newer = [each for each in versions if each.name == name and each.number > number]
    return max(newer, key=lambda each: each.number, default=None)
