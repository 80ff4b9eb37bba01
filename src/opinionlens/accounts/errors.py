"""Refusals. None says whether a user or a key exists.

OpinionLensError
└── Refused                    403   asked for something one may not have
    ├── LoginNeeded            401   neither a good key nor a session came with the request
    │   └── LoginRefused       401   drawn in login.py: the name or the password is wrong
    ├── NotAllowed             403   the key is good, but not for this
    ├── CsrfFailed             403   a form or script of another site may have sent this
    ├── TooManyRequests        429   come back later
    └── TooManyAttempts        429   the same, at the login
"""

from __future__ import annotations

from collections.abc import Mapping

from opinionlens.base.errors import OpinionLensError


class Refused(OpinionLensError):
    """Asked for something that one may not have."""

    status = 403

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer carries beside the words."""
        return {}


class LoginNeeded(Refused):
    """Neither a good key nor a session came with the request."""

    status = 401

    @property
    def headers(self) -> Mapping[str, str]:
        """A 401 names the way in, as HTTP wants it."""
        return {"WWW-Authenticate": "Bearer"}


class NotAllowed(Refused):
    """The key is good, but not for this."""


class CsrfFailed(Refused):
    """A form or script of another site may have sent this in the name of who is logged in."""


class TooManyRequests(Refused):
    """More came from one address than may."""

    status = 429

    def __init__(self, what: str, *, seconds: int, remedy: str | None = None) -> None:
        """Keep after how many seconds it is worth while to come back."""
        self.seconds = max(1, seconds)
        super().__init__(what, remedy=remedy)

    @property
    def headers(self) -> Mapping[str, str]:
        """When to come back."""
        return {"Retry-After": str(self.seconds)}


class TooManyAttempts(TooManyRequests):
    """Too many attempts to log in."""


class GoToLogin(Exception):
    """Not an error: a person who opened a page must log in first; `failures` answers with the way there."""

    def __init__(self, location: str) -> None:
        """Keep where the login page is, with the page to come back to."""
        self.location = location
        super().__init__(location)
