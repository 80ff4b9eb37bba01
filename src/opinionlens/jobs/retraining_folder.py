"""The folder of retrainings, with a lock.

A run's folder is a project of its own, so that the user's files and `dvc.lock` are never touched.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.file_locks import lock
from opinionlens.base.files import write_json
from opinionlens.jobs.new_labels import LabelledText, read_rows

# The newest runs are kept to look at, and the one that the champion comes from.
KEPT_RUNS = 5
_OUTCOME, ROWS, _CODE, _ARTIFACT = "outcome.json", "rows.json", "code.json", "artifact.json"


class RetrainingBusy(OpinionLensError):
    """Another retraining is at work in the same folder."""

    status: ClassVar[int] = 409


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    A step that is marked done is not done again after an interruption.
    """

    path: Path

    @property
    def name(self) -> str:
        """The run's name: the start of its data's digest."""
        return self.path.name

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The outcome of a finished run; None before."""
        return _read_json(self.path / _OUTCOME)

    def has_done(self, step: str) -> bool:
        """Tell whether a step was finished."""
        return (self.path / "done" / step).is_file()

    def mark_done(self, step: str) -> None:
        """Note that a step is finished."""
        marker = self.path / "done" / step
        marker.parent.mkdir(exist_ok=True)
        marker.touch()

    def unmark(self, step: str) -> None:
        """Note that a step is to be done again."""
        (self.path / "done" / step).unlink(missing_ok=True)

    @property
    def artifact(self) -> str | None:
        """The digest of the run's classifier, if it has one."""
        return (_read_json(self.path / _ARTIFACT) or {}).get("digest")

    def note_artifact(self, digest: str) -> None:
        """Note the digest of the classifier before it is registered."""
        write_json(self.path / _ARTIFACT, {"digest": digest})

    def finish(self, outcome: dict[str, Any], *, keep_splits: bool) -> None:
        """Record the outcome, then delete the data.

        The artifact and the figures stay, and with `keep_splits` the texts to compare on again.
        """
        write_json(self.path / _OUTCOME, outcome)
        kept = ("preprocessed", "eval_data") if keep_splits else ()
        data = self.path / "data"
        for folder in data.iterdir() if data.is_dir() else ():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.path / "raw", ignore_errors=True)

    def delete(self) -> None:
        """Delete everything of the run."""
        shutil.rmtree(self.path, ignore_errors=True)


class RetrainingFolder:
    """All runs below one folder."""

    def __init__(self, root: Path) -> None:
        """Name the folder; nothing is made before `hold`."""
        self._root = root

    @contextmanager
    def hold(self) -> Iterator[int]:
        """Keep other retrainings out while the block lasts.

        Yields:
            The descriptor of the lock. A child process that inherits it holds the lock as well, so that a
            stage that outlives its parent is waited for.

        Raises:
            RetrainingBusy: another one is at work.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        path = self._root / "lock"
        with path.open("a+", encoding="utf-8") as file:
            try:
                lock(file, wait=False)
            except BlockingIOError:
                file.seek(0)
                raise RetrainingBusy(
                    f"Another retraining is at work ({file.read().strip() or 'just started'}).",
                    where=str(path),
                    remedy="Wait until it has ended; a stage of one that was killed ends by itself.",
                ) from None
            file.truncate(0)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            file.write(f"process {os.getpid()}, since {now}\n")
            file.flush()
            yield file.fileno()

    def open_run(self, digest: str, code: str) -> RunFolder:
        """Return the run of some data, finished or not.

        It starts anew where the code has changed since.
        """
        path = self._root / "runs" / digest[:12]
        run = RunFolder(path)
        if run.outcome is None and path.exists() and _read_json(path / _CODE) != {"code": code}:
            shutil.rmtree(path)
        path.mkdir(parents=True, exist_ok=True)
        write_json(path / _CODE, {"code": code})
        return run

    def runs(self) -> list[RunFolder]:
        """Return finished runs, the last first."""
        ended = [(str(run.outcome["at"]), run) for run in self._all() if run.outcome is not None]
        return [run for _, run in sorted(ended, key=lambda pair: pair[0], reverse=True)]

    def run_of(self, artifact: str | None) -> RunFolder | None:
        """Return the run that made an artifact, by its digest.

        It may be unfinished: killed after the artifact was registered.
        """
        return next((run for run in self._all() if artifact and run.artifact == artifact), None)

    def drop_unfinished(self, but: RunFolder) -> None:
        """Delete unfinished runs on other data."""
        for run in self._all():
            if run.name != but.name and run.outcome is None:
                run.delete()

    def _all(self) -> list[RunFolder]:
        return [RunFolder(path) for path in (self._root / "runs").glob("*") if path.is_dir()]

    def rows_of(self, run: RunFolder | None) -> list[LabelledText]:
        """Return the new rows of a run, if any."""
        path = None if run is None else run.path / ROWS
        return [] if path is None or not path.is_file() else read_rows(path)

    def tidy(self, artifacts: Collection[str | None]) -> None:
        """Delete old runs, except those of some artifacts."""
        for run in self.runs()[KEPT_RUNS:]:
            if run.artifact is None or run.artifact not in artifacts:
                run.delete()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content
