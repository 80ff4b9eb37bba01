"""Records of fetches, shared by all processes of a cache.

Each has one small file, and a lock that tells whether its process is alive.

<root>/fetches/<fetch_id>.json   its progress, replaced as a whole
<root>/fetches/<fetch_id>.lock   held by the process that fetches; the system frees it when that dies
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any

from opinionlens.base.file_locks import lock
from opinionlens.base.files import write_json

KEPT_FETCHES = 50
ENDED_WITH_ITS_PROCESS = "The process that fetched it ended. Fetch it again."

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}", re.ASCII)


class FetchState(StrEnum):
    """The stage of a fetch."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    ACTIVATING = "activating"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        """Whether the fetch has ended."""
        return self in (FetchState.DONE, FetchState.FAILED, FetchState.REFUSED)


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch of a registered version.

    Attributes:
        fetch_id: sorts by the time of its start.
        model_name: the model.
        model_version: the version of it.
        set_default: whether it is activated afterwards.
        why: the reason for that.
        by: the name of the user or key.
        started_at: in ISO form.
        state: its stage.
        bytes_done: bytes that have arrived.
        bytes_total: all bytes; None where the registry does not say.
        ended_at: in ISO form.
        problem: the reason for a failure, in words.
        error: the class of that problem, for waiting calls in other processes.
    """

    fetch_id: str
    model_name: str
    model_version: int
    set_default: bool
    why: str
    by: str
    started_at: str
    state: FetchState = FetchState.WAITING
    bytes_done: int = 0
    bytes_total: int | None = None
    ended_at: str | None = None
    problem: str | None = None
    error: str | None = None

    def ended(
        self,
        state: FetchState,
        problem: str | None = None,
        *,
        error: str | None = None,
        at: str | None = None,
    ) -> Fetch:
        """Return the fetch as ended.

        The time is the present one unless `at` is given.
        """
        ended_at = at or datetime.now(UTC).isoformat()
        return replace(self, state=state, problem=problem, error=error, ended_at=ended_at)


class FetchLog:
    """The folder of fetches below a cache's root."""

    def __init__(self, root: Path) -> None:
        """Touch nothing yet."""
        self._folder = root / "fetches"

    def begin(self, name: str, number: int, *, set_default: bool, why: str, by: str) -> FetchWriter:
        """Begin a fetch, and return its writer.

        It counts as running until the writer is closed or this process dies.

        Raises:
            OSError: the folder cannot be written.
        """
        now = datetime.now(UTC)
        fetch_id = f"{now:%Y%m%d%H%M%S%f}-{token_hex(4)}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._prune()
        fetch = Fetch(fetch_id, name, number, set_default, why, by, now.isoformat())
        return FetchWriter(self._folder, fetch)

    def read(self, fetch_id: str) -> Fetch | None:
        """Return a fetch, or None.

        One whose process died is shown as failed.
        """
        if _ID.fullmatch(fetch_id) is None:
            return None
        path = self._folder / f"{fetch_id}.json"
        fetch = _read(path)
        if fetch is None or fetch.state.is_final or self._is_running(fetch_id):
            return fetch
        fetch = _read(path)  # again: it may have ended in good order between the two looks
        if fetch is None or fetch.state.is_final:
            return fetch
        return fetch.ended(
            FetchState.FAILED, ENDED_WITH_ITS_PROCESS, error="RegistryUnavailable", at=_changed_at(path)
        )

    def latest(self) -> list[Fetch]:
        """Return the fetches that are kept, newest first."""
        found = (self.read(path.stem) for path in sorted(self._folder.glob("*.json"), reverse=True))
        return [fetch for fetch in found if fetch is not None]

    def unfinished(self) -> list[Fetch]:
        """Return unfinished fetches of all processes, newest first."""
        return [fetch for fetch in self.latest() if not fetch.state.is_final]

    def _is_running(self, fetch_id: str) -> bool:
        try:
            with (self._folder / f"{fetch_id}.lock").open("rb") as handle:
                lock(handle, shared=True, wait=False)  # shared: others may look too
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _prune(self) -> None:
        """Remove the oldest, except those under way."""
        for fetch in self.latest()[KEPT_FETCHES - 1 :]:
            if fetch.state.is_final:
                for suffix in (".json", ".lock"):
                    (self._folder / f"{fetch.fetch_id}{suffix}").unlink(missing_ok=True)


class FetchWriter:
    """A writer of one fetch's progress; safe among threads."""

    def __init__(self, folder: Path, fetch: Fetch) -> None:
        """Publish the fetch. Raises OSError."""
        self.fetch = fetch
        self._path = folder / f"{fetch.fetch_id}.json"
        self._changing = Lock()
        self._held = (folder / f"{fetch.fetch_id}.lock").open("w")
        try:
            lock(self._held)
            write_json(self._path, asdict(fetch))
        except OSError:
            self._held.close()
            raise

    def change(self, **changes: Any) -> Fetch:  # noqa: ANN401 - fields of Fetch
        """Publish new progress.

        On a full disk the earlier record stays.
        """
        with self._changing:
            return self._show(replace(self.fetch, **changes))

    def end(self, state: FetchState, problem: str | None = None, *, error: str | None = None) -> Fetch:
        """Publish the end of the fetch."""
        with self._changing:
            return self._show(self.fetch.ended(state, problem, error=error))

    def close(self) -> None:
        """Release the lock that marks the fetch as running."""
        self._held.close()

    def _show(self, fetch: Fetch) -> Fetch:
        if fetch != self.fetch and not self.fetch.state.is_final:
            self.fetch = fetch
            with suppress(OSError):
                write_json(self._path, asdict(fetch))
        return self.fetch


def _read(path: Path) -> Fetch | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return Fetch(**{**value, "state": FetchState(value["state"])})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _changed_at(path: Path) -> str | None:
    with suppress(OSError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat()
    return None
