"""Hashing and checking of passwords with argon2, in threads.

Each takes a tenth of a second and 46 MiB.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from opinionlens.accounts.tokens import new_token
from opinionlens.accounts.weakness import MOST_CHARS, weakness_of
from opinionlens.base.errors import InputError, ServingBusy

# argon2 is hard to guess at because of its memory, which is its cost here: two at a time.
_AT_ONCE = 2
_MOST_WAITING = 32
# The stronger of OWASP's two equal choices, twice. One lane: more would take cores from predictions.
_MEMORY_KIB, _PASSES, _LANES = 46 * 1024, 2, 1

log = structlog.get_logger("security")
T = TypeVar("T")


class PasswordWeak(InputError):
    """The password is too easily guessed."""


class Hasher(Protocol):
    """A maker and checker of password hashes.

    Safe among threads.
    """

    def hash(self, password: str) -> str:
        """Return a hash with its own salt and parameters."""
        ...

    def verify_and_update(self, password: str, hash: str) -> tuple[bool, str | None]:
        """Check a password; return a new hash if needed.

        A new hash is needed where the parameters have changed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a password check."""

    is_right: bool
    new_hash: str | None = None  # to be stored: the parameters have changed since


def argon2() -> Hasher:
    """Return the hasher for real use.

    The library is loaded by the first call.
    """
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash([Argon2Hasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)])


def hash_password(hasher: Hasher, password: str) -> str:
    """Return a password's hash, after a tenth of a second."""
    return hasher.hash(_normalize(password))


def refuse_weak(password: str, user_name: str) -> None:
    """Raise if a password is too easily guessed.

    Raises:
        PasswordWeak: it is; the message does not contain it.
    """
    weakness = weakness_of(password, user_name)
    if weakness is not None:
        raise PasswordWeak(f"The password {weakness}.", remedy="Choose another, or let one be made up.")


class Passwords:
    """Password checks in threads, two at a time.

    Unknown users take as long as known ones.
    """

    def __init__(self, make_hasher: Callable[[], Hasher] = argon2) -> None:
        """Start nothing yet; `make_hasher` is called in a thread, once."""
        self._make_hasher = make_hasher
        self._tools: tuple[Hasher, str] | None = None
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0

    async def verify(self, password: str, stored: str | None) -> Verified:
        """Tell whether a password is right.

        Args:
            password: as typed.
            stored: the user's hash; None where there is no such user, which takes as long and is never right.

        Raises:
            ServingBusy: too many wait to be looked at.
        """
        self.refuse_if_busy()
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._verify, password, stored)
        finally:
            self._waiting -= 1

    def refuse_if_busy(self) -> None:
        """Raise ServingBusy if as many passwords wait as may."""
        if self._waiting >= _MOST_WAITING:
            raise ServingBusy("Too many people are logging in at once.", remedy="Try again in a moment.")

    def close(self) -> None:
        """Take no more passwords; drop the waiting ones."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password: str, stored: str | None) -> Verified:
        hasher, unused = self._prepare()
        if len(password) > MOST_CHARS:
            password, stored = "", None
        try:
            is_right, new_hash = hasher.verify_and_update(_normalize(password), stored or unused)
        except Exception as error:  # a stored value that is no hash must not look like a crash, nor let in
            log.error("password.not_verified", kind=type(error).__name__)
            return Verified(is_right=False)
        return Verified(is_right, new_hash) if stored else Verified(is_right=False)

    def _prepare(self) -> tuple[Hasher, str]:
        """Return the hasher and the hash of no user's password.

        The first call makes them.
        """
        if self._tools is None:
            hasher = self._make_hasher()
            self._tools = hasher, hasher.hash(new_token())
        return self._tools


def _normalize(password: str) -> str:
    """Return a password in Unicode's composed form (NFKC).

    Keyboards compose the same characters differently.
    """
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
