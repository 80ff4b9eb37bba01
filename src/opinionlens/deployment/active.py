"""The active version, by the database and in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

import structlog

from opinionlens.deployment.errors import in_words
from opinionlens.deployment.observer import Observer, SwapOutcome
from opinionlens.deployment.worker_threads import Threads
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.storage import deployments
from opinionlens.storage.deployments import NONE_YET, Cause, DeployedVersion, Deployment
from opinionlens.storage.errors import StorageError
from opinionlens.storage.records import Records

log = structlog.get_logger("lifecycle")


class ActiveVersion:
    """The active version of this process.

    Holds the last deployment row read and the model in memory; both change only here. Belongs to the event
    loop.
    """

    def __init__(self, store: ModelStore, records: Records, threads: Threads, observer: Observer) -> None:
        """Read nothing yet."""
        self.store = store
        self.records = records
        self.row: Deployment | None = None
        self.row_is_known = False  # False until the database has answered, and again while it is away
        self.database_problem: str | None = None
        self.changing = asyncio.Lock()
        self._threads = threads
        self._observer = observer
        self._changes = 0
        self._behind_since: float | None = None
        self._problems: dict[str, str] = {}

    @property
    def problems(self) -> list[str]:
        """Reasons for not serving the deployed version, in words."""
        return list(self._problems.values())

    @property
    def in_memory(self) -> DeployedVersion | None:
        """The registered version that answers in this process."""
        model = self.store.active
        if model is None or not isinstance(model.version, int) or model.digest is None:
            return None
        return DeployedVersion(model.name, model.version, model.digest)

    def say(self, topic: str, problem: str | None, error: Exception | None = None) -> None:
        """Keep a problem for the page, and log it once."""
        if problem is None:
            self._problems.pop(topic, None)
        elif self._problems.get(topic) != problem:
            self._problems[topic] = problem
            log.warning(f"{topic}.not_served", reason=str(error or problem))
        self.store.problem = " ".join(self._problems.values()) or None

    async def read_row(self) -> bool:
        """Read the last deployment; tell whether the database answered."""
        before = self._changes
        try:
            row = await self.records.read(deployments.active)
        except StorageError as error:
            self.row_is_known = False
            self.database_problem = in_words(error)
            return False
        self.database_problem = None
        if before == self._changes:  # else this process has recorded a later one meanwhile
            self.row, self.row_is_known = row, True
        return True

    def note_lag(self) -> None:
        """Report how long this process has lagged behind the row."""
        if self.row is None and not self.row_is_known:
            return
        self.note_level(self.row is None or self.row.version == self.in_memory)

    def note_level(self, is_level: bool) -> None:
        """Report how long this process has lagged, if it does."""
        if is_level:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = time.monotonic()
        since = self._behind_since
        self._observer.set_model_behind(0.0 if since is None else time.monotonic() - since)

    async def last_row(self) -> Deployment | None:
        """Return the last deployment. Raises StorageUnavailable."""
        return await self.records.read(deployments.active)

    async def record(
        self,
        model: ServedModel,
        version: DeployedVersion,
        *,
        expected: Deployment | None,
        by: str,
        why: str,
        cause: Cause = Cause.ACTIVATION,
    ) -> Deployment:
        """Record a loaded version as active, then serve it.

        Raises:
            DeploymentConflict: another one was recorded since the expected row; nothing has changed.
            StorageUnavailable: nothing has changed.
        """
        number = NONE_YET if expected is None else expected.number
        writing = self.records.write(
            deployments.activate, version, expected=number, by=by, why=why, cause=cause
        )
        return await self._record(model, writing, "activated")

    async def record_rollback(
        self, model: ServedModel, *, expected: Deployment, by: str, why: str
    ) -> Deployment:
        """Record a rollback, then serve the earlier version.

        Raises the same as `record`.
        """
        writing = self.records.write(deployments.roll_back, expected=expected.number, by=by, why=why)
        return await self._record(model, writing, "rolled_back")

    async def put(self, model: ServedModel, outcome: SwapOutcome = "activated") -> None:
        """Serve a loaded model in this process."""
        await self._threads.run(self.store.activate, model)
        self._observer.set_active_model(model)
        self._observer.count_swap(outcome)

    def count_trouble(self, *, refused: bool) -> None:
        """Count a version that could not become active here."""
        self._observer.count_swap("refused" if refused else "failed")

    async def _record(
        self, model: ServedModel, writing: Awaitable[Deployment], outcome: SwapOutcome
    ) -> Deployment:
        async with self.changing:
            row = await writing
            self.row, self.row_is_known = row, True
            self._changes += 1
            await self.put(model, outcome)
        return row
