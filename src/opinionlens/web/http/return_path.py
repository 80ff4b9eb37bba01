"""Target page after a login, limited to one host."""

from __future__ import annotations

import re

FRONT = "/admin"
_MOST_CHARS = 4_000
# Within the address of a page that it is carried through, where a character takes three at most.
_MOST_TOOL_CHARS = 1_000
# One slash, then no second one and no backslash, which browsers take for one; and none of the characters that
# they drop before they look, so that nothing becomes `//elsewhere` behind our back.
_OURS = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)


def tool_path(asked_for: str) -> str:
    """Return a tool's requested page if it is safe.

    Behind the tool's address it can lead to no other host. Anything else leads to the tool's front.
    """
    return asked_for if len(asked_for) <= _MOST_TOOL_CHARS and _OURS.fullmatch(asked_for) else "/"


def way_back(asked_for: str | None) -> str:
    """Return the requested page if it is a safe path.

    Anything but a path on this site leads to the front of the admin pages.
    """
    if asked_for is None or len(asked_for) > _MOST_CHARS or not _OURS.fullmatch(asked_for):
        return FRONT
    path = asked_for.partition("?")[0]
    return FRONT if path in ("/login", "/logout") else asked_for
