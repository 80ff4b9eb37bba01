"""The worker's jobs, by the settings."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from opinionlens.base.job_settings import WorkerSettings
from opinionlens.cli.job_catalogue import jobs_of


def test_retraining_is_off_unless_a_setting_asks_for_it():
    assert [job.name for job in jobs_of(WorkerSettings())] == ["drift_check"]


def test_a_scheduled_retraining_only_proposes():
    job = jobs_of(WorkerSettings(retrain_hours=24))[-1]
    assert (job.name, job.every) == ("retraining_proposal", timedelta(days=1))
    assert "--propose" in job.arguments
    assert job.good_statuses == {0, 3, 4}


def test_a_challenger_answers_only_where_a_setting_asks_for_it():
    (_, job) = jobs_of(WorkerSettings(shadow_share=0.1, shadow_minutes=5))
    assert (job.name, job.every, job.most) == ("shadow", timedelta(minutes=5), timedelta(minutes=30))
    assert job.arguments == ("shadow", "--json")
    assert job.good_statuses == {0, 4}


@pytest.mark.parametrize("version", ["challenger", "7", "next-one"])
def test_a_challenger_is_a_number_or_an_alias(version):
    assert WorkerSettings(shadow_version=version).shadow_version == version


@pytest.mark.parametrize("version", ["", "0", "two words", "opinionlens@3", "1.5"])
def test_other_names_of_a_challenger_are_refused(version):
    with pytest.raises(ValidationError, match="a number or an alias"):
        WorkerSettings(shadow_version=version)
