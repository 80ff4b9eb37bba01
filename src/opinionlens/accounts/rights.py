"""Rights of roles and of keys, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from opinionlens.storage.api_keys import Scope
from opinionlens.storage.users import Role


class Right(StrEnum):
    """Permissions that routes ask for.

    Attributes:
        PREDICT: predictions, where they need a login.
        VIEW: see versions, their scores, the history and drift; no text that people sent.
        ANALYSE: read those texts, label them, try versions and measure them on files.
        MANAGE: choose the version that answers, fetch and delete versions, delete feedback, make keys.
    """

    PREDICT = "predict"
    VIEW = "view"
    ANALYSE = "analyse"
    MANAGE = "manage"


RIGHTS_OF_ROLE: Mapping[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.PREDICT, Right.VIEW}),
    Role.ANALYST: frozenset({Right.PREDICT, Right.VIEW, Right.ANALYSE}),
    Role.ADMIN: frozenset(Right),
}
# A key for predictions sees no page's figures, and one for administration asks for no predictions.
RIGHTS_OF_SCOPE: Mapping[Scope, frozenset[Right]] = {
    Scope.PREDICT: frozenset({Right.PREDICT}),
    Scope.ADMIN: frozenset({Right.VIEW, Right.ANALYSE, Right.MANAGE}),
}
EVERYTHING = frozenset(Right)


def rights_of_scopes(scopes: Iterable[Scope]) -> frozenset[Right]:
    """Return the rights of a key with these scopes."""
    return frozenset().union(*(RIGHTS_OF_SCOPE[scope] for scope in scopes))


def least_scope(right: Right) -> Scope:
    """Return the first scope with a right."""
    return next(scope for scope in Scope if right in RIGHTS_OF_SCOPE[scope])


def least_role(right: Right) -> Role:
    """Return the least role with a right."""
    return next(role for role in Role if right in RIGHTS_OF_ROLE[role])
