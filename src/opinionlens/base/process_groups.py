"""The end of a process group."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

_GRACE_SECONDS = 10


def stop_group(process: subprocess.Popen[bytes], *, grace_seconds: float = _GRACE_SECONDS) -> None:
    """Ask a process group to end, and kill the rest.

    Args:
        process: its leader, which may have ended.
        grace_seconds: the time.
    """
    _signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace_seconds)
    # The leader may be gone while its workers are not.
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
