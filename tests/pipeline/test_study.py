"""The study: the same result whatever the order of answers, and however often it is killed."""

import pytest
from optuna.storages import InMemoryStorage

from opinionlens.base.errors import StageFailed
from opinionlens.pipeline.study import Outcome, best_trial, open_study, run_study

SPACE = {
    "hill": lambda trial: {"x": trial.suggest_float("hill.x", -4, 4)},
    "valley": lambda trial: {
        "y": trial.suggest_float("valley.y", 0.1, 10, log=True),
        "kind": trial.suggest_categorical("valley.kind", ["a", "b"]),
    },
}
FIRST = {"hill": {"hill.x": 3.0}, "valley": {"valley.y": 1.0, "valley.kind": "b"}}


class Killed(BaseException):
    """As sudden as a signal."""


def value_of(proposal) -> float:
    return -(proposal.params["x"] ** 2) if proposal.family == "hill" else -proposal.params["y"] - 1


def evaluate(proposals, *, backwards=False, kill_after=None):
    in_order = sorted(proposals, key=lambda p: -p.number if backwards else p.number)
    for answered, proposal in enumerate(in_order):
        if answered == kill_after:
            raise Killed
        value = value_of(proposal)
        yield proposal, Outcome(value, {"val_accuracy": value}, started=0.0, ended=1.0)


def run(storage, name="study", n_trials=17, seed=1, evaluate=evaluate):
    study = open_study(storage, name)
    trials = list(run_study(study, space=SPACE, first=FIRST, n_trials=n_trials, seed=seed, evaluate=evaluate))
    return study, trials


def asked(trials):
    return sorted(((t.proposal.family, sorted(t.proposal.params.items())) for t in trials), key=str)


@pytest.fixture
def storage():
    return InMemoryStorage()


def test_each_family_is_first_tried_with_its_defaults(storage):
    _, trials = run(storage, n_trials=2)
    assert [t.proposal.params for t in trials] == [{"x": 3.0}, {"y": 1.0, "kind": "b"}]


def test_the_sampler_improves_on_the_defaults(storage):
    _, trials = run(storage, n_trials=40)
    best = best_trial(trials)
    assert len(trials) == 40
    assert best.outcome.value >= max(t.outcome.value for t in trials) - 0.001
    assert best.outcome.value > -1  # the default of `hill` gives -9, of `valley` -2


def test_order_of_answers_does_not_change_what_is_asked(storage):
    _, forwards = run(storage, "forwards")
    _, backwards = run(storage, "backwards", evaluate=lambda p: evaluate(p, backwards=True))
    assert asked(forwards) == asked(backwards)


def test_another_seed_asks_something_else(storage):
    assert asked(run(storage, "one", seed=1)[1]) != asked(run(storage, "two", seed=2)[1])


@pytest.mark.parametrize("kill_after", [0, 2, 4])
def test_killed_study_continues_to_the_same_end(storage, kill_after):
    _, whole = run(storage, "whole")
    for _ in range(2):
        with pytest.raises(Killed):
            run(storage, "killed", evaluate=lambda p: evaluate(p, kill_after=kill_after))
    _, resumed = run(storage, "killed")
    assert asked(resumed) == asked(whole)
    assert any(t.resumed for t in resumed) == (kill_after > 0)


def test_killed_study_on_disk_is_found_again_by_its_name(tmp_path):
    storage = f"sqlite:///{tmp_path}/study.sqlite3"
    with pytest.raises(Killed):
        run(storage, n_trials=4, evaluate=lambda p: evaluate(p, kill_after=2))
    _, resumed = run(storage, n_trials=4)
    assert [t.resumed for t in resumed] == [True, True, False, False]
    assert asked(resumed) == asked(run(InMemoryStorage(), n_trials=4)[1])


@pytest.mark.parametrize("content", [None, b"no database" * 100])
def test_storage_that_cannot_be_used_is_said_without_its_password(tmp_path, content):
    storage = "postgresql://me:secret@127.0.0.1:1/none"
    if content is not None:
        (tmp_path / "study.sqlite3").write_bytes(content)
        storage = f"sqlite:///{tmp_path}/study.sqlite3"
    with pytest.raises(StageFailed, match=r"training\.storage") as caught:
        open_study(storage, "study")
    assert "secret" not in str(caught.value)


def test_killed_while_asking_continues_to_the_same_end(storage):
    _, whole = run(storage, "whole")
    calls = 0

    def killing_suggest(trial):
        nonlocal calls
        calls += 1
        if calls == 3:
            trial.suggest_float("hill.x", -4, 4)
            raise Killed
        return SPACE["hill"](trial)

    study = open_study(storage, "killed")
    with pytest.raises(Killed):
        list(
            run_study(
                study,
                space=SPACE | {"hill": killing_suggest},
                first=FIRST,
                n_trials=17,
                seed=1,
                evaluate=evaluate,
            )
        )
    _, resumed = run(storage, "killed")
    assert asked(resumed) == asked(whole)


def test_more_trials_go_on_from_the_finished_ones(storage):
    _, first = run(storage, n_trials=7)
    study, second = run(storage, n_trials=12)
    assert [t.resumed for t in second] == [True] * 7 + [False] * 5
    assert asked(second[:7]) == asked(first)
    assert len(study.get_trials()) == 12


def test_of_equal_trials_the_earliest_wins(storage):
    flat = lambda proposals: ((p, Outcome(0.5, {}, 0.0, 1.0)) for p in reversed(proposals))  # noqa: E731
    _, trials = run(storage, evaluate=flat)
    assert best_trial(trials).proposal.number == 0


@pytest.mark.parametrize(("gain", "winner"), [(0.0009, 0), (0.0011, 3)])
def test_a_gain_below_the_noise_does_not_move_the_choice(storage, gain, winner):
    def level(proposals):
        for proposal in proposals:
            yield proposal, Outcome(0.5 + gain * (proposal.number == 3), {}, 0.0, 1.0)

    _, trials = run(storage, evaluate=level)
    assert best_trial(trials).proposal.number == winner
