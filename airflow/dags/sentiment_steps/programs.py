"""Programs of the project's environment, bounded in time and ended with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

# Of Airflow's own environment: they would lead another one's Python astray, or say what is not its business.
_OF_AIRFLOW = ("AIRFLOW_", "_AIRFLOW", "PYTHON", "VIRTUAL_ENV", "__AIRFLOW")
_LINE_CHARACTERS = 2_000
_TAIL_LINES = 15
_GRACE_SECONDS = 20


@dataclass(frozen=True)
class Ended:
    """How a program ended: its status, and the last lines that it wrote for people."""

    status: int
    tail: str


class Programs:
    """Starts programs one at a time, and can end the one that runs."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[str] | None = None

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        seconds: float,
        say: Callable[[str], None],
        answer: Path | None = None,
    ) -> Ended:
        """Run a program until it ends or its time is over.

        Args:
            command: The program and its words; no shell reads them.
            folder: Where it works.
            environment: All that it sees of the environment.
            seconds: After them it is ended, and its status is negative.
            say: Takes each line that it writes for people.
            answer: The file that takes its standard output; None lets `say` take that, too.
        """
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        # An unfinished answer stays aside; the file is there when the program has ended.
        aside = answer and answer.with_name(f"{answer.name}.part")
        with open(aside or os.devnull, "w", encoding="utf-8") as out:  # noqa: PTH123 - devnull is a name
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out if aside else subprocess.PIPE,
                stderr=subprocess.PIPE if aside else subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        self._running = process
        timer = Timer(seconds, self.end)
        timer.daemon = True
        timer.start()
        try:
            with process.stderr or process.stdout as lines:  # type: ignore[union-attr]
                for line in iter(lambda: lines.readline(_LINE_CHARACTERS), ""):
                    tail.append(line.rstrip())
                    say(line.rstrip())
            status = process.wait()
        finally:  # also when Airflow's own time limit interrupts
            timer.cancel()
            self.end()
            self._running = None
        if aside and answer:
            aside.replace(answer)
        return Ended(status, "\n".join(tail))

    def end(self) -> None:
        """End the program that runs, and all that it has started."""
        process = self._running
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
                return


def environment_for(command: Path, present: Mapping[str, str], **more: str) -> dict[str, str]:
    """Return what a program of the project's environment gets to see."""
    kept = {name: value for name, value in present.items() if not name.startswith(_OF_AIRFLOW)}
    path = [str(command.parent), *filter(None, [present.get("PATH")])]
    return {**kept, "PATH": os.pathsep.join(path), "DVC_NO_ANALYTICS": "true", **more}
