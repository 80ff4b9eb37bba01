"""The worker's jobs, by the settings."""

from datetime import timedelta

from opinionlens.base.job_settings import WorkerSettings
from opinionlens.cli.job_catalogue import jobs_of


def test_retraining_is_off_unless_a_setting_asks_for_it():
    assert [job.name for job in jobs_of(WorkerSettings())] == ["drift_check"]


def test_a_scheduled_retraining_only_proposes():
    job = jobs_of(WorkerSettings(retrain_hours=24))[-1]
    assert (job.name, job.every) == ("retraining_proposal", timedelta(days=1))
    assert "--propose" in job.arguments
    assert job.good_statuses == {0, 3, 4}
