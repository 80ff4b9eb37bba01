"""When a job is due."""

from datetime import UTC, datetime, timedelta

import pytest

from opinionlens.jobs.job_schedule import Job, time_until_due
from opinionlens.storage.job_states import JobState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURLY = Job("drift_check", timedelta(hours=1), ("drift", "check"))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def wait(job: Job = HOURLY, **state: object) -> timedelta:
    return time_until_due(job, JobState("drift_check", **state), NOON)


def test_a_job_that_never_ran_is_due():
    assert wait() == timedelta()


def test_runs_start_at_equal_distances():
    assert wait(started_at=NOON - minutes(20)) == minutes(40)
    assert wait(started_at=NOON - minutes(200)) == timedelta()


@pytest.mark.parametrize(("failures", "expected"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (10_000, 60)])
def test_after_failures_the_next_try_comes_sooner_and_ever_more_seldom(failures, expected):
    assert wait(started_at=NOON, failures=failures) == minutes(expected)


def test_a_frequent_job_is_not_tried_less_often_for_its_failures():
    often = Job("often", timedelta(seconds=10), ())
    assert wait(often, started_at=NOON, failures=1) == timedelta(seconds=10)


def test_a_run_elsewhere_is_waited_for_until_its_lease_ends():
    state = {"started_at": NOON - minutes(90), "held_by": "other"}
    assert wait(**state, held_until=NOON + minutes(1)) == minutes(1)
    assert wait(**state, held_until=NOON - minutes(1)) == timedelta()


def test_the_worker_of_a_fresh_run_died():
    assert wait(started_at=NOON - minutes(3), held_by="dead", held_until=NOON - minutes(1)) == timedelta()


def test_a_clock_that_was_ahead_stops_nothing():
    assert wait(started_at=NOON + timedelta(days=400)) == timedelta()
