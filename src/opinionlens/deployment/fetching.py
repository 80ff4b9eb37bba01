"""Fetching of registered versions in the background.

Every process can read the progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

import structlog

from opinionlens.base.errors import DiskUnwritable, OpinionLensError, ServingBusy
from opinionlens.deployment.errors import FetchNotFound, error_named, in_words, is_refusal
from opinionlens.deployment.watched_registry import WatchedRegistry
from opinionlens.deployment.worker_threads import Threads
from opinionlens.registry import Version
from opinionlens.registry.tags import size_of
from opinionlens.serving.fetches import Fetch, FetchLog, FetchState, FetchWriter
from opinionlens.serving.store import ModelStore, ServedModel

# Downloads share one line to the registry: more at a time would only make each of them slower.
_FETCHES_AT_ONCE = 2
# Of all processes together, those that wait included; one more is refused.
MAX_UNFINISHED = 10
LOOK_SECONDS = 0.2
DEFAULT_WHY = "fetched and set active"

Activate = Callable[[ServedModel, str, str], Awaitable[object]]

log = structlog.get_logger("lifecycle")


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """An order to fetch a version."""

    name: str
    number: int
    set_default: bool
    why: str
    by: str


class Fetching:
    """The fetches of this process, and all fetches' progress.

    Belongs to the event loop.
    """

    def __init__(
        self, store: ModelStore, registry: WatchedRegistry, threads: Threads, *, activate: Activate
    ) -> None:
        """Fetch nothing yet.

        Args:
            store: verifies versions.
            registry: the source of versions.
            threads: for short work that blocks.
            activate: called with a loaded version, the reason and the name of the user or key.
        """
        self._log = FetchLog(store.cache.root)
        self._store = store
        self._registry = registry
        self._threads = threads
        self._activate = activate
        self._long_threads = Threads(_FETCHES_AT_ONCE, "fetch")
        self._running: dict[str, asyncio.Task[None]] = {}
        self._beginning = Lock()

    async def begin(self, order: FetchOrder) -> Fetch:
        """Begin a fetch, or join one of the same version.

        The other one may run in any process.

        Raises:
            ServingBusy: too many fetches are not finished yet.
            DiskUnwritable: not even its progress can be written.
        """
        try:
            begun = await self._threads.run(self._begin, order)
        except OSError as error:
            raise DiskUnwritable(
                f"The folder of models cannot be written: {in_words(error)}", where=error.filename
            ) from error
        if isinstance(begun, Fetch):
            return begun
        task = asyncio.create_task(self._run(begun))  # not the request's: it outlives a closed tab
        fetch_id = begun.fetch.fetch_id
        self._running[fetch_id] = task
        task.add_done_callback(lambda _: self._running.pop(fetch_id, None))
        return begun.fetch

    async def read(self, fetch_id: str) -> Fetch:
        """Return a fetch with its progress. Raises FetchNotFound."""
        fetch = await self._threads.run(self._log.read, fetch_id)
        if fetch is None:
            raise FetchNotFound("There is no such fetch.")
        return fetch

    async def latest(self) -> list[Fetch]:
        """Return the fetches that are kept, newest first."""
        return await self._threads.run(self._log.latest)

    async def finished(self, fetch_id: str) -> Fetch:
        """Wait for a fetch to end, and return it.

        Raises the error with which it ended otherwise.
        """
        if (task := self._running.get(fetch_id)) is not None:
            await asyncio.wait({task})
        while not (fetch := await self.read(fetch_id)).state.is_final:  # noqa: ASYNC110 - a file, no event
            await asyncio.sleep(LOOK_SECONDS)
        if fetch.state is not FetchState.DONE:
            raise error_named(fetch.error, fetch.problem or "The fetch failed.")
        return fetch

    async def close(self) -> None:
        """Abandon running fetches.

        Readers of their progress are told that the process ended.
        """
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._long_threads.close()

    def _begin(self, order: FetchOrder) -> Fetch | FetchWriter:
        with self._beginning:  # so that two at once are not both the first, or both the last that may
            for fetch in (unfinished := self._log.unfinished()):
                is_same = (fetch.model_name, fetch.model_version) == (order.name, order.number)
                # One that ends in an activation cannot be left to one that does not; the download is shared.
                if is_same and (fetch.set_default or not order.set_default):
                    return fetch
            if len(unfinished) >= MAX_UNFINISHED:
                raise ServingBusy(
                    f"{len(unfinished)} fetches are not finished yet; no more are taken.",
                    remedy="Wait for one of them to end, then try again.",
                )
            return self._log.begin(
                order.name, order.number, set_default=order.set_default, why=order.why, by=order.by
            )

    async def _run(self, writer: FetchWriter) -> None:
        def end(state: FetchState, error: Exception | None = None) -> None:
            problem = None if error is None else _problem(error, writer.fetch)
            writer.end(state, problem, error=None if error is None else type(error).__name__)

        try:
            model = await self._fetch(writer)
            if writer.fetch.set_default:
                await self._threads.run(lambda: writer.change(state=FetchState.ACTIVATING))
                await self._activate(model, writer.fetch.why, writer.fetch.by)
            else:
                self._store.free(model)
            await self._threads.run(end, FetchState.DONE)
        except Exception as error:  # whatever it was, waiting readers are told
            if not isinstance(error, OpinionLensError):
                log.exception("fetch.crashed")
            log.warning("fetch.failed", fetch=writer.fetch.fetch_id, reason=str(error))
            state = FetchState.REFUSED if is_refusal(error) else FetchState.FAILED
            await self._threads.run(end, state, error)
        finally:
            writer.close()

    async def _fetch(self, writer: FetchWriter) -> ServedModel:
        fetch = writer.fetch
        name, number = fetch.model_name, fetch.model_version
        version = await self._long_threads.run(self._registry.version, name, number)
        await self._threads.run(lambda: writer.change(bytes_total=size_of(version.tags)))
        watching = asyncio.create_task(self._watch(writer, version))
        try:
            return await self._long_threads.run(self._load, writer, version)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    def _load(self, writer: FetchWriter, version: Version) -> ServedModel:
        """Download, verify and load; called in a thread."""
        cache = self._store.cache

        def downloading() -> None:
            writer.change(state=FetchState.DOWNLOADING)

        def arrived() -> None:
            size = cache.bytes_arrived(str(version.digest)) or cache.size_of(str(version.digest))
            writer.change(state=FetchState.VERIFYING, bytes_done=size, bytes_total=size)

        return self._store.load(version, self._registry, on_download=downloading, on_check=arrived)

    async def _watch(self, writer: FetchWriter, version: Version) -> None:
        """Measure a download, also one of another process."""

        def measure() -> None:
            if writer.fetch.state in (FetchState.WAITING, FetchState.DOWNLOADING):
                arrived = self._store.cache.bytes_arrived(str(version.digest))
                writer.change(bytes_done=max(arrived, writer.fetch.bytes_done))

        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._threads.run(measure)


def _problem(error: Exception, fetch: Fetch) -> str:
    words = in_words(error)
    if fetch.state is FetchState.ACTIVATING:
        return f"It was fetched, but could not be activated. {words}"
    return words
