"""Errors of refused requests.

None of them says whether a user or a key exists.

OpinionLensError
└── Refused                    403   base of all
    ├── LoginNeeded            401   neither a good key nor a session came with the request
    │   └── LoginRefused       401   drawn in login.py: the name or the password is wrong
    ├── NotAllowed             403   the key or the user's role is not good for this
    ├── CsrfFailed             403   a form or script of another site may have sent this
    ├── TooManyRequests        429   come back later
    └── TooManyAttempts        429   the same, at the login
"""

from __future__ import annotations

from collections.abc import Mapping

from opinionlens.base.errors import OpinionLensError


class Refused(OpinionLensError):
    """Base of the errors of refused requests."""

    status = 403

    @property
    def headers(self) -> Mapping[str, str]:
        """Extra headers of the answer."""
        return {}


class LoginNeeded(Refused):
    """The request carries neither a good key nor a session."""

    status = 401

    @property
    def headers(self) -> Mapping[str, str]:
        """The way to authenticate, which HTTP demands of a 401."""
        return {"WWW-Authenticate": "Bearer"}


class NotAllowed(Refused):
    """The key or the user's role lacks the right."""


class CsrfFailed(Refused):
    """Another site may have sent this in the user's name."""


class TooManyRequests(Refused):
    """One address sent too many requests."""

    status = 429

    def __init__(self, what: str, *, seconds: int, remedy: str | None = None) -> None:
        """Keep the seconds after which another attempt makes sense."""
        self.seconds = max(1, seconds)
        super().__init__(what, remedy=remedy)

    @property
    def headers(self) -> Mapping[str, str]:
        """The seconds to wait."""
        return {"Retry-After": str(self.seconds)}


class TooManyAttempts(TooManyRequests):
    """Too many attempts to log in."""


class GoToLogin(Exception):
    """A redirect of a page's reader to the login.

    Not an error; `failures` answers with the login page's address.
    """

    def __init__(self, location: str) -> None:
        """Keep the login page's address, with the return page."""
        self.location = location
        super().__init__(location)
