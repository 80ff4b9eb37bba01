"""Authenticated users and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from opinionlens.accounts.rights import RIGHTS_OF_ROLE, Right
from opinionlens.storage.users import Role


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated sender of a request.

    Attributes:
        name: as records name them in `by`: a user's name, `key NAME`, or `admin key`; users' names have no
            spaces, so that none can look like a key.
        kind: the way of authentication.
        rights: their permissions.
    """

    name: str
    kind: Literal["user", "key", "admin key"]
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A logged-in person, as the pages need them.

    Attributes:
        viewer: the person.
        csrf_token: the token that forms and scripts of their pages must send; not shown when the value is
            printed.
    """

    viewer: Principal
    csrf_token: str = field(repr=False)


def user(name: str, role: Role) -> Principal:
    """Return a user, with the rights of a role."""
    return Principal(name, "user", RIGHTS_OF_ROLE[role])
