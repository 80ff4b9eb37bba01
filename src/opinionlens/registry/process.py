"""The registry served from a child process.

This process is spared the import and the memory of MLflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Timer
from time import monotonic
from types import TracebackType
from typing import Self

from opinionlens.base.errors import RegistryError, RegistryUnavailable
from opinionlens.base.urls import shown, with_absolute_path
from opinionlens.registry.child import Call, Child
from opinionlens.registry.environment import child_environment, worker_command
from opinionlens.registry.failures import CHECK_ADDRESS, address_remedy
from opinionlens.registry.port import Credentials, SourceRun, Version
from opinionlens.registry.wire import RUN, VERSION, Json, as_json


@dataclass(frozen=True)
class ProcessLimits:
    """Limits on waiting, in seconds.

    Attributes:
        start: For the child to import MLflow; 3 to 10 s is usual, more on a busy machine.
        call: For each answer of the registry's server, asked twice. A call may need many of them.
        transfer: For an artifact to be sent or fetched, or a run to be copied; and for any call altogether.
            A transfer that stands still ends long before, by MLflow's own limit on each request.
        idle: Without calls, until the child is ended; the next call starts another.
    """

    start: float = 120.0
    call: float = 35.0
    transfer: float = 3_600.0
    idle: float = 300.0


# A child that hangs in one call but works on others is left to finish them. Each takes up to 200 MB.
_MOST_RETIRED = 2


class ProcessRegistry:
    """The registry's port, served by a child process.

    The first call starts the child. A call that hangs ends the child, or, while others wait for the same
    child, retires it: it finishes those, and the next call starts another. Threads may share it. `close` ends
    the child; so does leaving a `with` block, and the end of this process.
    """

    def __init__(
        self,
        uri: str,
        *,
        credentials: Credentials | None = None,
        experiment: str = "OpinionLens",
        limits: ProcessLimits | None = None,
        command: Sequence[str] | None = None,
        setting: str | None = None,
    ) -> None:
        """Keep the arguments; start nothing.

        Args:
            uri: The MLflow server, `http://…`, or a database such as `sqlite:///mlruns.db`.
            credentials: For a server behind basic authentication; only the child ever gets them.
            experiment: For artifacts without a known run.
            limits: How long to wait.
            command: Another child than the worker, which speaks the same lines.
            setting: The name of the setting with the address, for messages.
        """
        self._where = shown(uri)
        self._limits = limits or ProcessLimits()
        self._command = tuple(command or worker_command())
        self._opening = {"uri": with_absolute_path(uri), "experiment": experiment}
        self._credentials = credentials
        self._remedy = address_remedy(setting)
        self._child: Child | None = None
        self._retired: list[Child] = []
        self._idle_timer: Timer | None = None
        self._last_used = monotonic()
        self._lock = Lock()

    def register(
        self,
        name: str,
        artifact: Path,
        *,
        digest: str,
        run_id: str | None,
        tags: Mapping[str, str],
        scores: Mapping[str, float],
        again: bool = False,
    ) -> Version:
        """See `Registry.register`."""
        return VERSION.validate_python(
            self._call(
                "register",
                limit=self._limits.transfer,
                name=name,
                artifact=str(artifact.absolute()),
                digest=digest,
                run_id=run_id,
                tags=dict(tags),
                scores=dict(scores),
                again=again,
            )
        )

    def names(self) -> list[str]:
        """See `Registry.names`."""
        return [str(name) for name in self._call("names")]

    def versions(self, name: str) -> list[Version]:
        """See `Registry.versions`."""
        return [VERSION.validate_python(value) for value in self._call("versions", name=name)]

    def version(self, name: str, number: int) -> Version:
        """See `Registry.version`."""
        return VERSION.validate_python(self._call("version", name=name, number=number))

    def by_alias(self, name: str, alias: str) -> Version:
        """See `Registry.by_alias`."""
        return VERSION.validate_python(self._call("by_alias", name=name, alias=alias))

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """See `Registry.set_alias`."""
        self._call("set_alias", name=name, alias=alias, number=number)

    def set_tags(self, name: str, number: int, tags: Mapping[str, str]) -> None:
        """See `Registry.set_tags`."""
        self._call("set_tags", name=name, number=number, tags=dict(tags))

    def download(self, version: Version, into: Path) -> Path:
        """See `Registry.download`."""
        arguments = {"version": as_json(VERSION, version), "into": str(into.absolute())}
        self._call("download", limit=self._limits.transfer, **arguments)
        return into

    def has_run(self, run_id: str) -> bool:
        """See `Registry.has_run`."""
        return bool(self._call("has_run", run_id=run_id))

    def copy_run(self, run: SourceRun, experiment: str) -> str:
        """See `Registry.copy_run`."""
        limit = self._limits.transfer
        return str(self._call("copy_run", limit=limit, run=as_json(RUN, run), experiment=experiment))

    def close(self) -> None:
        """End the child, if there is one.

        The next call would start another.
        """
        with self._lock:
            self._end()
            while self._retired:
                self._retired.pop().kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: str, *, limit: float | None = None, **arguments: Json) -> Json:
        limits = self._limits
        silence = limit or limits.call
        with self._lock:
            child, call = self._asked(method, arguments)
        try:
            self._wait(child, child.ready, call, limits.start, "start")
            call.heard = max(call.heard, monotonic())
            return self._wait(child, call, call, silence, "answer")
        except RegistryError as error:
            if error.remedy == CHECK_ADDRESS:  # the child does not know the settings
                error.remedy = self._remedy
            raise
        finally:
            with self._lock:
                self._last_used = monotonic()
                self._end_retired()
                self._watch_idleness(self._limits.idle)

    def _asked(self, method: str, arguments: Mapping[str, Json]) -> tuple[Child, Call]:
        # Twice, because a child that died since its last answer shows it only when it is written to.
        for last_try in (False, True):
            if self._child is None or not self._child.alive:
                self._end()
                self._child = self._started()
            try:
                return self._child, self._child.ask(method, arguments)
            except OSError as error:
                if last_try:
                    raise self._unavailable("The registry's process ends as soon as it starts.") from error
        raise AssertionError("unreachable")

    def _started(self) -> Child:
        try:
            return Child(
                self._command, child_environment(self._limits.call, self._credentials), self._opening
            )
        except OSError as error:
            raise self._unavailable(f"The registry's process cannot be started: {error}.") from error

    def _wait(self, child: Child, awaited: Call, call: Call, silence: float, what: str) -> Json:
        try:
            return awaited.result(silence=silence, total=max(silence, self._limits.transfer))
        except TimeoutError:
            child.forget(call)
            with self._lock:
                self._part_with(child, has_begun=child.ready.answer.done())
            raise self._unavailable(f"The registry did not {what} within {silence:g} s.") from None

    def _part_with(self, child: Child, *, has_begun: bool) -> None:
        """Take a hanging child out of service.

        It is killed, or retired while other calls wait for it.
        """
        if child.idle or not has_begun:
            child.kill()
        elif child is self._child and len(self._retired) < _MOST_RETIRED:
            self._retired.append(child)
            self._child = None

    def _end_retired(self) -> None:
        for child in [child for child in self._retired if child.idle]:
            self._retired.remove(child)
            child.kill()

    def _unavailable(self, what: str) -> RegistryUnavailable:
        return RegistryUnavailable(what, where=self._where, remedy=self._remedy)

    def _watch_idleness(self, seconds: float) -> None:
        if self._idle_timer is None and self._child is not None:
            self._idle_timer = Timer(seconds, self._end_if_idle)
            self._idle_timer.daemon = True
            self._idle_timer.start()

    def _end_if_idle(self) -> None:
        with self._lock:
            self._idle_timer = None
            rest = self._last_used + self._limits.idle - monotonic()
            if self._child is None:
                return
            if rest > 0 or not self._child.idle:
                self._watch_idleness(max(rest, 0.1))
            else:
                self._end()

    def _end(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if self._child is not None:
            self._child.stop()
            self._child = None
