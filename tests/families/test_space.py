import optuna
import pytest

from opinionlens.base.errors import ParamsInvalid
from opinionlens.families.linear_svc import LINEAR_SVC
from opinionlens.families.space import OneOf, Real, Unsearched, Whole, completed

SPACE = {
    "C": Real(0.2, 0.01, 1.0, log=True),
    "share": Real(0.5, 0.0, 1.0),
    "trees": Whole(100, 10, 200),
    "idf": OneOf(True, (True, False)),
    "tf": OneOf("log", ("log", "binary")),
    "factor": Unsearched(0.1),
}


def test_what_is_left_out_takes_its_default():
    assert completed(SPACE, {"trees": 7}, "forest") == {
        "C": 0.2,
        "share": 0.5,
        "trees": 7,
        "idf": True,
        "tf": "log",
        "factor": 0.1,
    }


@pytest.mark.parametrize(
    "given", [{"C": 5}, {"C": 16.0}, {"share": 0}, {"trees": 999}, {"idf": False}, {"factor": 2.0}]
)
def test_by_hand_the_bounds_of_the_search_may_be_left(given):
    assert completed(SPACE, given, "forest").items() >= given.items()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"C": 0}, "forest: C must be above 0, not 0"),
        ({"C": -1.0}, "forest: C must be a number, not negative, not -1.0"),
        ({"C": float("nan")}, "forest: C must be a number"),
        ({"C": float("inf")}, "forest: C must be a number"),
        ({"C": True}, "forest: C must be a number"),
        ({"C": "0.5"}, "forest: C must be a number, not negative, not '0.5'"),
        ({"trees": 0}, "forest: trees must be a whole number above 0, not 0"),
        ({"trees": 2.0}, "forest: trees must be a whole number"),
        ({"idf": 1}, "forest: idf must be one of True, False, not 1"),
        ({"tf": None}, "forest: tf must be one of log, binary, not None"),
        ({"Trees": 5}, "forest has no parameter 'Trees'.*It has: C, factor, idf, share, tf, trees"),
        ({"factor": "big"}, "forest: factor must be a number"),
    ],
)
def test_impossible_values_are_refused_by_name(given, message):
    with pytest.raises(ParamsInvalid, match=message):
        completed(SPACE, given, "forest")


def test_what_is_not_searched_is_unknown_to_the_trial():
    trial = optuna.trial.FixedTrial({})
    assert Unsearched(0.1).suggest(trial, "factor") == 0.1
    assert trial.params == {}


def test_a_study_can_start_from_given_parameters():
    start = LINEAR_SVC.start_in_study({"C": 0.07})
    assert start == {**LINEAR_SVC.defaults_in_study, "linear_svc.C": 0.07}
    with pytest.raises(ParamsInvalid, match="no parameter 'D'"):
        LINEAR_SVC.start_in_study({"D": 1})
