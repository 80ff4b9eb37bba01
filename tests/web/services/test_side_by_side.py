"""Versions side by side: which is the best of a row, and what is said where a figure is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from opinionlens.registry import Version
from opinionlens.web.pages.compare import chosen_of, merged
from opinionlens.web.services.side_by_side import FigureGroup, FigureRow, side_by_side
from opinionlens.web.services.version_figures import VersionFigures, figures_of_registered


def version(number: int, **fields: Any) -> VersionFigures:
    fields = {"kind": "linear"} | fields
    return VersionFigures(f"opinionlens-{number}", f"opinionlens {number}", **fields)


def row(groups: list[FigureGroup], title: str, name: str) -> FigureRow:
    (group,) = [one for one in groups if one.title == title]
    (found,) = [one for one in group.rows if one.name == name]
    return found


def best(found: FigureRow) -> list[bool]:
    return [cell.is_best for cell in found.cells]


def test_the_higher_score_and_the_lower_error_are_the_best() -> None:
    groups = side_by_side(
        [
            version(1, scores={"macro_f1": 0.756, "ece": 0.016, "n": 6876}),
            version(2, scores={"macro_f1": 0.770, "ece": 0.021, "n": 6876}),
        ]
    )
    assert best(row(groups, "Test split", "Macro F1")) == [False, True]
    assert best(row(groups, "Calibration error", "Test split")) == [True, False]


def test_what_looks_the_same_is_equally_good() -> None:
    def of(*scores: float) -> FigureRow:
        return row(
            side_by_side([version(number, scores={"macro_f1": one}) for number, one in enumerate(scores)]),
            "Test split",
            "Macro F1",
        )

    assert best(of(0.75601, 0.75604, 0.74)) == [True, True, False]
    assert best(of(0.75601, 0.75604)) == [False, False]


def test_other_texts_make_none_the_best() -> None:
    found = row(
        side_by_side(
            [
                version(1, evals={"sources": {"brand_tweets": {"macro_f1": 0.75, "n": 6876}}}),
                version(2, evals={"sources": {"brand_tweets": {"macro_f1": 0.79, "n": 900}}}),
            ]
        ),
        "Sources",
        "Brand tweets",
    )
    assert best(found) == [False, False]
    assert found.hint == "On different texts, so none is the best."
    assert [cell.figure.note for cell in found.cells] == ["n = 6,876", "n = 900"]


def test_a_missing_figure_is_said_to_be_missing_and_is_not_the_least() -> None:
    groups = side_by_side(
        [
            version(1, evals={"everyday": {"all": {"sure_and_wrong": 2, "n": 200}}}, size_bytes=4_800_000),
            version(2),
            version(3, evals={"other_kinds": {"imdb": {"n": 0}}}, size_bytes=23_100_000),
        ]
    )
    bold = row(groups, "Everyday sentences", "Negated and wrong above 0.9")
    assert [cell.figure.shown for cell in bold.cells] == ["2", "not recorded", "not recorded"]
    assert best(bold) == [False, False, False]  # alone it is no comparison
    size = row(groups, "Cost", "Size on disk")
    assert [cell.figure.shown for cell in size.cells] == ["4.8 MB", "not recorded", "23 MB"]
    assert best(size) == [True, False, False]
    imdb = row(groups, "Texts of other kinds", "Imdb")
    assert [cell.figure.shown for cell in imdb.cells] == [
        "not recorded",
        "not recorded",
        "no such texts there",
    ]


def test_intervals_stand_beside_the_figures() -> None:
    everyday = {"all": {"accuracy": 0.805, "accuracy_low": 0.745, "accuracy_high": 0.854, "n": 200}}
    imdb = {"imdb": {"macro_f1": 0.772, "macro_f1_low": 0.76, "macro_f1_high": 0.783, "n": 5000}}
    groups = side_by_side(
        [version(1, scores={"accuracy": 0.5, "n": 100}, evals={"everyday": everyday, "other_kinds": imdb})]
    )
    right = row(groups, "Everyday sentences", "Right").cells[0].figure
    assert (right.shown, right.note) == ("80.5 %", "74.5 % to 85.4 %, n = 200")
    assert row(groups, "Texts of other kinds", "Imdb").cells[0].figure.note == "0.760 to 0.783, n = 5,000"
    # Wilson's interval of 50 of 100.
    assert row(groups, "Test split", "Accuracy").cells[0].figure.note == "40.4 % to 59.6 %, n = 100"


def test_cost_says_what_each_kind_needs() -> None:
    kinds = ("linear", "onnx", "fasttext", "skops", None)
    speeds = ({"alone_us": 92.4, "together_us": 71.0, "n": 200}, {"alone_us": 5_012.0}, {}, {}, {})
    groups = side_by_side(
        [
            version(number, kind=kind, evals={"speed": speed} if speed else {})
            for number, (kind, speed) in enumerate(zip(kinds, speeds, strict=True))
        ]
    )
    needs = row(groups, "Cost", "Needs to serve")
    assert [cell.figure.shown for cell in needs.cells] == [
        "nothing more",
        "opinionlens[onnx]",
        "opinionlens[fasttext]",
        "opinionlens[pipeline]",
        "not known",
    ]
    alone = row(groups, "Cost", "One text alone")
    assert [cell.figure.shown for cell in alone.cells[:3]] == ["92 µs", "5,012 µs", "not recorded"]
    assert best(alone) == [True, False, False, False, False]


@pytest.mark.parametrize("evals", ['{"speed": {"alone_us": 5.0}}', "no JSON"])
def test_a_registered_version_is_read_from_its_tags(evals: str) -> None:
    registered = Version(
        name="opinionlens",
        number=3,
        digest=None,
        kind="onnx",
        created=datetime(2026, 11, 29, tzinfo=UTC),
        run_id=None,
        aliases=("challenger",),
        tags={"bytes": "23100000", "evals": evals},
        servable=True,
        why_not_servable=None,
        scores={"test_f1_score": 0.77},
    )
    found = figures_of_registered(registered)
    assert (found.model_id, found.size_bytes, found.scores) == (
        "opinionlens-3",
        23_100_000,
        {"macro_f1": 0.77},
    )
    assert found.speed == ({"alone_us": 5.0} if evals.startswith("{") else {})


def test_one_version_is_compared_with_the_active_one() -> None:
    known = [version(1, is_active=True, is_loaded=True), version(2, is_loaded=True), version(3)]
    assert chosen_of(known, []) == (known[:2], [])
    assert chosen_of(known, ["opinionlens-3"]) == ([known[2], known[0]], [])
    assert chosen_of(known, ["opinionlens-1"]) == ([known[0]], [])
    assert chosen_of(known, ["opinionlens-2", "opinionlens-3"]) == (known[1:], [])
    chosen, notes = chosen_of(known, ["opinionlens-9"])
    assert (chosen, notes) == ([], ["opinionlens-9 is neither loaded nor in the registry."])


def test_at_most_four_stand_side_by_side() -> None:
    known = [version(number) for number in range(1, 6)]
    chosen, notes = chosen_of(known, [one.model_id for one in known])
    assert chosen == known[:4]
    assert notes == ["At most 4 versions stand side by side; these are the first."]


def test_a_version_that_is_loaded_and_registered_is_there_once() -> None:
    loaded = [version(2, is_loaded=True), version(1, is_loaded=True, is_active=True, scores={"ece": 0.1})]
    there = [version(3), version(1, aliases=("champion",), scores={"macro_f1": 0.7}, evals={"slices": {}})]
    found = merged(loaded, there)
    assert [one.model_id for one in found] == ["opinionlens-1", "opinionlens-2", "opinionlens-3"]
    assert (found[0].aliases, found[0].scores) == (("champion",), {"ece": 0.1, "macro_f1": 0.7})
