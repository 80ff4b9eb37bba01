"""Checks of API keys, with a short memory.

The database is asked about each key at most every few seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from opinionlens.accounts.principals import Principal
from opinionlens.accounts.rights import EVERYTHING, Right, rights_of_scopes
from opinionlens.accounts.tokens import hash_token, is_key, same
from opinionlens.storage import StorageUnavailable, api_keys
from opinionlens.storage.records import Records

# A revoked key is refused everywhere after this time.
FRESH_SECONDS = 5.0
# While the database is away a key that was good this long ago still gets predictions, and nothing else.
TRUSTED_SECONDS = 600.0
# The time that a request with such a key waits for a database that hangs.
_PATIENCE_SECONDS = 1.0
_MOST_KEPT = 1_000

PREDICT_ONLY = frozenset({Right.PREDICT})


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    fresh_until: float
    trusted_until: float


class Keys:
    """The API keys in use, on one worker's event loop."""

    def __init__(
        self,
        records: Records,
        *,
        admin_key: str | None,
        clock: Callable[[], float] = time.monotonic,
        most_kept: int = _MOST_KEPT,
    ) -> None:
        """Remember no keys yet.

        Args:
            records: where keys are looked up.
            admin_key: the one of the settings, good for everything; None for none.
            clock: seconds that only grow.
            most_kept: how many good keys are remembered.
        """
        self._records = records
        self._admin_key = admin_key
        self._clock = clock
        self._most_kept = most_kept
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[Principal | None]] = {}

    async def principal_of(self, key: str) -> Principal | None:
        """Return the key's principal, or None.

        None means that there is no such key, or that it has been revoked.

        Raises:
            StorageUnavailable: the database does not answer, and the key was not good a short while ago.
        """
        if self._admin_key is not None and same(key, self._admin_key):
            return Principal("admin key", "admin key", EVERYTHING)
        if not is_key(key):  # a value of another form costs no query
            return None
        key_hash = hash_token(key)
        known = self._known.get(key_hash)
        if known is not None and self._clock() < known.fresh_until:
            return known.principal
        # Simultaneous requests with the same key share one query, also while the database is slow to fail.
        task = self._asking.get(key_hash)
        if task is None:
            task = self._asking[key_hash] = asyncio.create_task(self._ask(key_hash, known))
            task.add_done_callback(lambda done: self._answered(key_hash, done))
        return await asyncio.shield(task)

    def forget(self) -> None:
        """Forget all keys, because one was revoked here."""
        self._known.clear()

    def _answered(self, key_hash: str, task: asyncio.Task[Principal | None]) -> None:
        self._asking.pop(key_hash, None)
        if not task.cancelled():
            task.exception()  # looked at, even where all waiting requests have gone

    async def _ask(self, key_hash: str, known: _Known | None) -> Principal | None:
        asked = self._clock()
        is_trusted = known is not None and asked < known.trusted_until
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS if is_trusted else None):
                key = await self._records.read(api_keys.find_good, key_hash)
        except (StorageUnavailable, TimeoutError):
            if known is None or not is_trusted:
                raise
            principal = Principal(
                known.principal.name, known.principal.kind, known.principal.rights & PREDICT_ONLY
            )
            self._keep(key_hash, _Known(principal, self._clock() + FRESH_SECONDS, known.trusted_until))
            return principal
        if key is None:
            self._known.pop(key_hash, None)
            return None
        self._records.write_later(api_keys.mark_used, key)
        principal = Principal(f"key {key.name}", "key", rights_of_scopes(key.scopes))
        self._keep(key_hash, _Known(principal, asked + FRESH_SECONDS, asked + TRUSTED_SECONDS))
        return principal

    def _keep(self, key_hash: str, known: _Known) -> None:
        if len(self._known) >= self._most_kept and key_hash not in self._known:
            self._known.pop(next(iter(self._known)))
        self._known[key_hash] = known
