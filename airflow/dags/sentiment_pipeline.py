"""The daily check for drift, and training where there is any.

Everything that is decided or done stands in `sentiment_steps`, which knows no Airflow. docs/airflow.md
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.providers.standard.operators.python import PythonOperator, ShortCircuitOperator
from airflow.sdk import DAG, Connection, Variable
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from sentiment_steps.faults import OptionError
from sentiment_steps.messages import drift_message, drift_sentence, failure_message, outcome_message
from sentiment_steps.options import Options, connection_json, options_from
from sentiment_steps.posting import notify
from sentiment_steps.programs import Programs
from sentiment_steps.run_files import HANDED, handed_in
from sentiment_steps.steps import Steps

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import DagRunProtocol, RuntimeTaskInstanceProtocol

log = logging.getLogger(__name__)
programs = Programs()


class EndsItsProgram:
    """Lets a task that is stopped end the program that it started."""

    def on_kill(self) -> None:
        """Follow Airflow's wish to stop."""
        programs.end()


class ProgramOperator(EndsItsProgram, PythonOperator):
    """A task that runs a program."""


class ProgramCheckOperator(EndsItsProgram, ShortCircuitOperator):
    """A task that runs a program, and ends the run where the result is no."""


@contextmanager
def no_further_try() -> Iterator[None]:
    """Fail at once where a setting is wrong: it stays so."""
    try:
        yield
    except OptionError as error:
        raise AirflowFailException(str(error)) from None


def options() -> Options:
    """Read the Variables; only tasks do so, never the parsing of this file."""
    home = Path(os.environ.get("AIRFLOW_HOME") or Path.home() / "airflow")
    checkout = Path(__file__).resolve().parents[2]
    with no_further_try():
        return options_from(lambda name: Variable.get(name, default=None), checkout=checkout, home=home)


def steps(run_id: str) -> Steps:
    """Return the steps of a run."""
    return Steps(options(), run_id, programs, log.info)


def drift_connection() -> str:
    """Return the connection `drift_db` as `drift check` reads it, empty where there is none."""
    if given := os.environ.get("AIRFLOW_CONN_DRIFT_DB"):
        return given
    try:
        found = Connection.get("drift_db")
    except AirflowNotFoundException:
        return ""
    return connection_json(found)


def prepare_data(run_id: str, ti: RuntimeTaskInstanceProtocol, dag_run: DagRunProtocol) -> str:
    """Make the run's folder; return its path. What the run was given goes on through XCom."""
    folder = steps(run_id).prepare()
    with no_further_try():
        given = handed_in(dag_run.conf)
    for key, value in given.items():
        ti.xcom_push(key=key, value=value)
    return str(folder)


def check_drift(run_id: str, ti: RuntimeTaskInstanceProtocol) -> bool:
    """Say whether recent texts have drifted, and tell people."""
    work = steps(run_id)
    handed = {key: ti.xcom_pull(task_ids="prepare_data", key=key) for key in HANDED}
    with no_further_try():
        report, facts = work.check(handed_in(handed), drift_connection())
    ti.xcom_push(key="report", value=str(report))
    ti.xcom_push(key="drift", value=facts)
    if facts["drifted"]:
        log.warning(drift_sentence(facts))
        notify(work.options.webhook_url, drift_message(facts, run_id), log.info)
    else:
        log.info("No training: %s.", str(facts["status"]).replace("_", " "))
    return bool(facts["drifted"])


def train(run_id: str, ti: RuntimeTaskInstanceProtocol) -> None:
    """Retrain and tell people how it ended, or ask another server to train."""
    work = steps(run_id)
    outcome = work.train(ti.xcom_pull(task_ids="check_drift", key="drift") or {})
    if outcome is not None:
        ti.xcom_push(key="training", value=outcome)
        message = outcome_message(outcome, run_id)
        log.info(message["text"])
        notify(work.options.webhook_url, message, log.info)


def tell_failure(context: Context) -> None:
    """Tell people about a task that failed for good."""
    ti = context["ti"]
    body = failure_message(ti.task_id, context["run_id"], context.get("exception"), str(ti.log_url))
    notify(Variable.get("opinionlens_webhook_url", default="") or "", body, log.warning)


with DAG(
    dag_id="sentiment_pipeline",
    description="Checks served texts for drift each day, and trains where there is any",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),  # noqa: UP017 - as Airflow's documents write it
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=16),
    tags=["opinionlens"],
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=float(os.environ.get("SENTIMENT_PIPELINE_RETRY_SECONDS") or 300)),
        "execution_timeout": timedelta(minutes=5),
        "on_failure_callback": tell_failure,
    },
) as dag:
    prepared = ProgramOperator(task_id="prepare_data", python_callable=prepare_data)
    checked = ProgramCheckOperator(
        task_id="check_drift", python_callable=check_drift, execution_timeout=timedelta(minutes=30)
    )
    trained = ProgramOperator(
        task_id="train", python_callable=train, retries=1, execution_timeout=timedelta(hours=7)
    )
    prepared >> checked >> trained
