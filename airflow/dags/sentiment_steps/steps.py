"""The three steps, without Airflow: each calls a program of the project or another server."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_steps.faults import StepError
from sentiment_steps.messages import Facts, facts_of, outcome_of, training_request
from sentiment_steps.options import HERE, SOURCES, Options
from sentiment_steps.posting import post
from sentiment_steps.programs import Ended, Programs, environment_for
from sentiment_steps.run_files import make_folder, read_result, write_handed

# Statuses of `opinionlens drift check`, and of `opinionlens retrain`.
NO_DRIFT, DRIFT, TOO_LITTLE = 0, 3, 4
GOOD, REFUSED, NOTHING_NEW = 0, 3, 4
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

    def check(self, handed: Mapping[str, Any], connection: str = "") -> tuple[Path, dict[str, Any]]:
        """Compare recent texts with those of training; return the report's place and its gist.

        Args:
            handed: What the run was given to be checked; nothing, usually.
            connection: Airflow's connection `drift_db`, as its own variables have it.

        Raises:
            StepError: The check did not come to a result.
            OptionError: The run was given too much.
        """
        folder = make_folder(self.options.folder, self.run_id)
        report = folder / "drift.json"
        report.unlink(missing_ok=True)
        given = write_handed(folder / "handed.json", handed)
        words = ["drift", "check", "--json", "--xcom", str(given), *check_words(self.options, handed)]
        more = {"AIRFLOW_CONN_DRIFT_DB": connection} if connection else {}
        ended = self._run(words, CHECK_SECONDS, answer=report, **more)
        if ended.status not in (NO_DRIFT, DRIFT, TOO_LITTLE):
            raise StepError(f"The drift check failed ({in_words(ended.status)}).\n{ended.tail}")
        return report, {**facts_of(read_result(report)), "drifted": ended.status == DRIFT}

    def train(self, facts: Facts) -> dict[str, Any] | None:
        """Retrain here and return the outcome, or ask another server to and return None.

        That a new version is not good enough, or that there are no new labels, is an outcome.

        Raises:
            StepError: Training failed, or the other server did not take the request.
        """
        options = self.options
        if options.training not in HERE:
            body = training_request(options.training, facts, self.run_id)
            status = post(options.training_url, body, token=options.training_token)
            self.say(f"The other server took the request: status {status}.")
            return None
        result = make_folder(options.folder, self.run_id) / "training.json"
        result.unlink(missing_ok=True)
        words = ["retrain", "--json", *(["--propose"] if options.training == "propose" else [])]
        ended = self._run(words, TRAIN_SECONDS, answer=result)
        if ended.status not in (GOOD, REFUSED, NOTHING_NEW):
            raise StepError(f"Retraining failed ({in_words(ended.status)}).\n{ended.tail}")
        return outcome_of(read_result(result))

    def _run(self, words: Sequence[str], seconds: float, answer: Path | None = None, **more: str) -> Ended:
        return self.programs.run(
            [str(self.options.command), *words],
            folder=self.options.project,
            environment=environment_for(self.options.command, os.environ, **more),
            seconds=seconds,
            say=self.say,
            answer=answer,
        )


def check_words(options: Options, handed: Mapping[str, Any]) -> list[str]:
    """Return the options of a check; what a run was given goes first, unless a Variable says otherwise."""
    sources = options.sources or (("xcom", *(name for name in SOURCES if name != "xcom")) if handed else ())
    words = [word for name in sources for word in ("--from", name)]
    words += ["--since", options.since] if options.since else []
    return words + (["--model", options.model] if options.model else [])


def in_words(status: int) -> str:
    """Return an exit status as people read it."""
    return f"ended by signal {-status}" if status < 0 else f"status {status}"
