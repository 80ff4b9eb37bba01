"""The common start and end of every stage.

Parameters are read; the end is one clear message and a status.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.progress import Bars, Reporter
from opinionlens.pipeline.params import Params, load_params
from opinionlens.pipeline.paths import Paths

Stage = Callable[[Params, Paths, Reporter], None]


def run_stage(stage: Stage) -> None:
    """Run one stage here and exit with its status.

    Every fault that a user can mend ends in one message and status 1; anything else is a fault of ours and
    keeps its traceback.
    """
    reporter = Bars()
    paths = Paths()
    signal.signal(signal.SIGTERM, _stop)  # as orderly an end as Ctrl-C
    try:
        stage(load_params(paths.params), paths, reporter)
    except OpinionLensError as error:
        reporter.say(f"[bold red]error:[/] {_plain(str(error))}")
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that may not be written
        reporter.say(f"[bold red]error:[/] {_plain(str(error))}. Nothing half-written was left behind.")
        sys.exit(1)
    except KeyboardInterrupt:
        reporter.say("stopped; run the same command again to go on")
        sys.exit(130)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _plain(text: str) -> str:
    # Square brackets are markup to rich; a user's column may be called [b].
    return text.replace("[", r"\[")
