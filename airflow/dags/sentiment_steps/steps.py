"""The three steps, without Airflow: each calls a program of the project or another server."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_steps.faults import StepError
from sentiment_steps.messages import Facts, facts_of, training_request
from sentiment_steps.options import Options
from sentiment_steps.posting import post
from sentiment_steps.programs import Ended, Programs, environment_for
from sentiment_steps.run_files import folder_of, make_folder, read_report

# Statuses of `opinionlens drift check`.
NO_DRIFT, DRIFT, TOO_LITTLE = 0, 3, 4
# Airflow's own limits are a little above these.
PREPARE_SECONDS = 120
CHECK_SECONDS = 25 * 60
TRAIN_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Steps:
    """What the steps of one run share."""

    options: Options
    run_id: str
    programs: Programs
    say: Callable[[str], None]

    def prepare(self) -> Path:
        """Make the run's folder, and see that the project's program works."""
        ended = self._run(("drift", "check", "--help"), PREPARE_SECONDS)
        if ended.status:
            raise StepError(f"{self.options.command} does not work (status {ended.status}).\n{ended.tail}")
        return make_folder(self.options.folder, self.run_id)

    def check(self) -> tuple[Path, dict[str, Any]]:
        """Compare served texts with those of training; return the report's place and its gist.

        Raises:
            StepError: The check did not come to a result.
        """
        report = folder_of(self.options.folder, self.run_id) / "drift.json"
        report.unlink(missing_ok=True)
        words = ["drift", "check", "--json", "--since", self.options.since]
        if self.options.model:
            words += ["--model", self.options.model]
        ended = self._run(words, CHECK_SECONDS, answer=report)
        if ended.status not in (NO_DRIFT, DRIFT, TOO_LITTLE):
            raise StepError(f"The drift check failed ({in_words(ended.status)}).\n{ended.tail}")
        return report, {**facts_of(read_report(report)), "drifted": ended.status == DRIFT}

    def train(self, facts: Facts) -> None:
        """Train here, or ask another server to.

        Raises:
            StepError: Training failed, or the other server did not take the request.
        """
        options = self.options
        if options.training != "local":
            body = training_request(options.training, facts, self.run_id)
            status = post(options.training_url, body, token=options.training_token)
            self.say(f"The other server took the request: status {status}.")
            return
        dvc = options.command.with_name("dvc")
        for command in ((dvc, "repro", "tune_sklearn"), (options.command, "promote")):
            ended = self._run_program(command, TRAIN_SECONDS)
            if ended.status:
                named = " ".join([Path(command[0]).name, *map(str, command[1:])])
                raise StepError(f"`{named}` failed ({in_words(ended.status)}).\n{ended.tail}")

    def _run(self, words: Sequence[str], seconds: float, answer: Path | None = None) -> Ended:
        return self._run_program((self.options.command, *words), seconds, answer)

    def _run_program(
        self, command: Sequence[str | Path], seconds: float, answer: Path | None = None
    ) -> Ended:
        return self.programs.run(
            [str(word) for word in command],
            folder=self.options.project,
            environment=environment_for(self.options.command, os.environ),
            seconds=seconds,
            say=self.say,
            answer=answer,
        )


def in_words(status: int) -> str:
    """Return an exit status as people read it."""
    return f"ended by signal {-status}" if status < 0 else f"status {status}"
