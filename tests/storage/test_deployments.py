import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest

from opinionlens.storage import Database, DeploymentConflict, NoEarlierDeployment
from opinionlens.storage.deployments import (
    Cause,
    DeployedVersion,
    activate,
    active,
    history,
    roll_back,
    rollback_target,
)


@pytest.fixture
def deploy(database, version):
    """Activate versions one after the other, as one person who sees everything."""

    def act(*numbers):
        for number in numbers:
            last = active(database)
            activate(
                database,
                version(number),
                expected=last.number if last else 0,
                by="ann",
                why=f"try {number}",
            )

    return act


def back(database):
    return roll_back(database, expected=active(database).number, by="bob", why="it was worse").version.number


def test_nothing_is_active_at_first(database):
    assert active(database) is None
    assert rollback_target(database) is None
    assert history(database).rows == ()


def test_a_deployment_says_who_when_from_to_and_why(database, version):
    at = datetime(2026, 11, 22, 13, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    activate(database, version(1), expected=0, by="champion", why="alias", cause=Cause.CHAMPION)

    made = activate(database, version(2), expected=1, by="ann", why="higher macro F1", at=at)

    assert made == active(database) == history(database).rows[0]
    assert (made.number, made.by, made.why, made.cause) == (2, "ann", "higher macro F1", Cause.ACTIVATION)
    assert (made.version, made.previous, made.restores) == (version(2), version(1), None)
    assert made.at == datetime(2026, 11, 22, 12, 30, 0, 123456, tzinfo=UTC)
    assert made.at.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(database, version):
    with pytest.raises(Exception, match="aware of its zone"):
        activate(
            database,
            version(1),
            expected=0,
            by="a",
            why="b",
            at=datetime(2026, 1, 1),  # noqa: DTZ001
        )
    assert active(database) is None


@pytest.mark.parametrize("seen", [0, 1, 3, 99])
def test_who_saw_another_state_gets_a_conflict(database, version, deploy, seen):
    deploy(1, 2)
    with pytest.raises(DeploymentConflict) as caught:
        activate(database, version(3), expected=seen, by="bob", why="mine")
    assert caught.value.status == 409
    assert active(database).number == 2
    with pytest.raises(DeploymentConflict):
        roll_back(database, expected=seen, by="bob", why="mine")
    assert active(database).number == 2


def test_of_admins_at_the_same_moment_one_wins(url, database, version, deploy):
    deploy(1)
    admins = 6
    together = threading.Barrier(admins)
    outcomes = []

    def act(number):
        with closing(Database(url, wait_seconds=20)) as own:
            own.ping()
            together.wait(20)
            try:
                outcomes.append(activate(own, version(number), expected=1, by=f"admin {number}", why="now"))
            except DeploymentConflict as error:
                outcomes.append(error)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(2, 2 + admins)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    winners = [outcome for outcome in outcomes if not isinstance(outcome, DeploymentConflict)]
    assert len(outcomes) == admins
    assert winners == [active(database)]
    assert history(database).total == 2


def test_rolling_back_once_restores_what_was_active_before(database, version, deploy):
    deploy(1, 2)
    assert rollback_target(database).version == version(1)

    made = roll_back(database, expected=2, by="bob", why="it was worse")

    assert (made.number, made.cause, made.restores) == (3, Cause.ROLLBACK, 1)
    assert (made.version, made.previous) == (version(1), version(2))
    assert active(database) == made


def test_rolling_back_again_goes_further_back_not_forth(database, deploy):
    deploy(1, 2, 3)
    assert [back(database), back(database)] == [2, 1]
    with pytest.raises(NoEarlierDeployment) as caught:
        back(database)
    assert caught.value.status == 409


def test_what_was_rolled_back_to_is_what_a_later_rollback_restores(database, deploy):
    deploy(1, 2, 3)
    back(database)  # 2 again
    deploy(4)
    assert [back(database), back(database)] == [2, 1]


def test_activating_the_active_version_again_is_recorded_but_no_step_back(database, deploy):
    deploy(1, 2, 2)
    assert history(database).total == 3
    assert back(database) == 1


def test_nothing_to_roll_back_to(database, deploy):
    with pytest.raises(NoEarlierDeployment):
        roll_back(database, expected=0, by="bob", why="?")
    deploy(1)
    assert rollback_target(database) is None
    with pytest.raises(NoEarlierDeployment):
        back(database)
    assert history(database).total == 1


def test_the_history_comes_in_pages(database, deploy):
    deploy(1, 2, 3, 4, 5)
    first = history(database, limit=2)
    second = history(database, limit=2, before=first.next_before)
    third = history(database, limit=2, before=second.next_before)
    assert [[row.number for row in page.rows] for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert [page.total for page in (first, second, third)] == [5, 5, 5]
    assert third.next_before is None
    # The oldest row of a page still knows what came before it.
    assert second.rows[-1].previous.number == 1


def test_a_page_is_bounded(database, deploy):
    deploy(1, 2)
    assert len(history(database, limit=0).rows) == 1
    assert len(history(database, limit=10**9).rows) == 2
    assert len(history(database, before=10**30).rows) == 2
    assert history(database, before=-(10**30)).rows == ()


def test_a_digest_is_a_sha256(database):
    with pytest.raises(Exception, match="digest_is_sha256"):
        activate(database, DeployedVersion("m", 1, "short"), expected=0, by="a", why="b")
