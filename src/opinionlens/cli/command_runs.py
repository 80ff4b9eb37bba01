"""Commands of `opinionlens` in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import IO

import structlog

from opinionlens.base.process_groups import stop_group
from opinionlens.jobs.job_schedule import Job

_MOST_CHARS = 500
_GRACE_SECONDS = 5.0
# For what was said last to be read.
_READ_SECONDS = 2.0

log = structlog.get_logger("worker")


class CommandRun:
    """A run of a job's command.

    A process of its own gives its memory back, can be ended at any moment, and cannot take the worker along.
    """

    def __init__(self, job: Job) -> None:
        """Start it."""
        self._name = job.name
        self._last = ""
        self._process = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "opinionlens.cli.main", *job.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the worker alone, which ends it in order
        )
        stream = self._process.stderr
        assert stream is not None  # noqa: S101 - asked for above
        self._listening = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._listening.start()

    def status(self) -> int | None:
        """Return its exit status; None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """Return the last line that it wrote to standard error."""
        self._listening.join(_READ_SECONDS)
        return self._last

    def end(self) -> None:
        """End it and its children.

        They are asked to, and killed after 5 seconds.
        """
        stop_group(self._process, grace_seconds=_GRACE_SECONDS)
        self._listening.join(_READ_SECONDS)

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(4 * _MOST_CHARS):
                words = line.decode(errors="replace").strip()[:_MOST_CHARS]
                if words:
                    self._last = words
                    log.info("worker.job_said", task=self._name, words=words)
