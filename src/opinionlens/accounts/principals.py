"""Somebody who has shown who they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from opinionlens.storage.api_keys import Scope

EVERYTHING = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        name: as records name them in `by`: a user's name, `key NAME`, or `admin key`; users' names have no
            spaces, so that none can look like a key.
        kind: how they showed it.
        scopes: what they may do.
    """

    name: str
    kind: Literal["user", "key", "admin key"]
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is logged in, as the pages need them.

    Attributes:
        viewer: who it is.
        csrf_token: what the forms and scripts of their pages must send; not shown when the value is printed.
    """

    viewer: Principal
    csrf_token: str = field(repr=False)


def user(name: str) -> Principal:
    """Return a user; there is one kind, and it may do everything."""
    return Principal(name, "user", EVERYTHING)
