"""Stages of the pipeline as processes.

They run as `dvc repro` runs them, in another project's folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from opinionlens.base.errors import StageFailed
from opinionlens.base.process_groups import stop_group

# Runs a stage by name in a folder until a moment of `time.monotonic()`.
RunStage = Callable[[str, Path, float], None]

_LAST_LINES = 3


def stage_processes(environment: Mapping[str, str], *, inherits: Callable[[], tuple[int, ...]]) -> RunStage:
    """Return the function that runs a stage as a process.

    Its output goes to `log/<stage>.txt` in the folder.

    Args:
        environment: variables to add to the environment.
        inherits: descriptors that the process keeps open, asked at each start.
    """

    def run(stage: str, folder: Path, deadline: float) -> None:
        log = folder / "log" / f"{stage}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603 - the command is ours
                [sys.executable, "-m", f"opinionlens.pipeline.{stage}"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,  # it and its own children are stopped as a group
                pass_fds=inherits() if os.name == "posix" else (),
            )
            try:
                status = process.wait(max(1.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise StageFailed(
                    f"The stage {stage} was not done within the time limit.",
                    where=str(log),
                    remedy="Start again to go on where it stopped, with a longer --time-limit.",
                ) from None
            finally:
                stop_group(process)
        if status != 0:
            raise StageFailed(f"The stage {stage} ended with status {status}. {_tail(log)}", where=str(log))

    return run


def _tail(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return " ".join([line for line in lines if line][-_LAST_LINES:])
