"""States and leases of the worker's jobs, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from opinionlens.storage import job_states
from opinionlens.storage.job_states import JobState

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=2)


def test_a_job_that_never_ran(database):
    assert job_states.find(database, "drift_check") == JobState("drift_check")


def test_a_run_from_claim_to_end(database):
    seen = job_states.find(database, "drift_check")
    assert job_states.claim(database, seen, holder="one", until=SOON, at=NOON)
    held = job_states.find(database, "drift_check")
    assert held == JobState("drift_check", started_at=NOON, held_by="one", held_until=SOON)
    later = SOON + timedelta(minutes=1)
    assert job_states.extend(database, "drift_check", holder="one", until=later)
    assert job_states.find(database, "drift_check").held_until == later
    assert job_states.finish(database, "drift_check", holder="one", problem=None, at=SOON)
    assert job_states.find(database, "drift_check") == JobState(
        "drift_check", started_at=NOON, succeeded_at=SOON
    )


def test_of_several_workers_that_saw_the_same_one_gets_it(database):
    seen = job_states.find(database, "drift_check")

    def claim(number):
        return job_states.claim(database, seen, holder=f"worker {number}", until=SOON, at=NOON)

    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(claim, range(8)))
    assert sorted(got) == [False] * 7 + [True]
    assert job_states.find(database, "drift_check").held_by == f"worker {got.index(True)}"


def test_a_lapsed_lease_goes_to_one_other_and_the_first_holder_notices(database):
    job_states.claim(database, JobState("drift_check"), holder="dead", until=SOON, at=NOON)
    seen = job_states.find(database, "drift_check")
    until = SOON + timedelta(minutes=2)
    assert job_states.claim(database, seen, holder="two", until=until, at=SOON)
    assert not job_states.claim(database, seen, holder="three", until=until, at=SOON)
    assert not job_states.extend(database, "drift_check", holder="dead", until=until)
    assert not job_states.finish(database, "drift_check", holder="dead", problem=None)
    assert not job_states.give_back(database, "drift_check", holder="dead")
    assert job_states.find(database, "drift_check").held_by == "two"


def test_failures_are_counted_until_a_success(database):
    for failures in (1, 2):
        seen = job_states.find(database, "drift_check")
        job_states.claim(database, seen, holder="one", until=SOON, at=NOON)
        job_states.finish(database, "drift_check", holder="one", problem="no model", at=SOON)
        state = job_states.find(database, "drift_check")
        assert (state.failures, state.problem, state.succeeded_at) == (failures, "no model", None)
    job_states.claim(database, state, holder="one", until=SOON, at=NOON)
    job_states.finish(database, "drift_check", holder="one", problem=None, at=SOON)
    state = job_states.find(database, "drift_check")
    assert (state.failures, state.problem, state.succeeded_at) == (0, None, SOON)


def test_a_run_that_was_given_back_leaves_no_trace(database):
    job_states.claim(database, JobState("drift_check"), holder="one", until=SOON, at=NOON)
    assert job_states.give_back(database, "drift_check", holder="one")
    assert job_states.find(database, "drift_check") == JobState("drift_check")


def test_jobs_do_not_disturb_one_another(database):
    job_states.claim(database, JobState("drift_check"), holder="one", until=SOON, at=NOON)
    assert job_states.claim(database, JobState("retraining"), holder="two", until=SOON, at=NOON)
    job_states.finish(database, "retraining", holder="two", problem=None, at=SOON)
    assert job_states.find(database, "drift_check").held_by == "one"
