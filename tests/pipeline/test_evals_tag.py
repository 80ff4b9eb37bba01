"""The tag `evals`: everything where it fits, and a defined order of what is left out where it does not."""

from __future__ import annotations

import json

from opinionlens.pipeline.evals_tag import evals_tag

ALL = {"n": 200, "accuracy": 0.8}  # as JSON 24 characters


def table(characters: int) -> dict[str, dict[str, float]]:
    """A table that takes so many characters as JSON: {"x…":{}} has 7 beside the name."""
    return {"x" * (characters - 7): {}}


def test_what_fits_is_written_in_full() -> None:
    report = {"slices": table(500), "sources": table(500), "everyday": {"all": ALL, "negation": {"n": 10}}}
    found = evals_tag(report)
    assert json.loads(found.text) == report
    assert found.left_out == ()
    assert found.as_tags()["evals.left_out"] == ""


def test_a_tag_has_4900_characters_at_most() -> None:
    # {"sources":…} has 12 characters beside the table.
    assert evals_tag({"sources": table(4_888)}).left_out == ()
    assert len(evals_tag({"sources": table(4_888)}).text) == 4_900
    assert evals_tag({"sources": table(4_889)}).left_out == ("sources",)


def test_kinds_of_everyday_sentences_go_first_then_lengths() -> None:
    everyday = {"all": ALL} | table(500)
    found = evals_tag({"lengths": table(100), "sources": table(4_500), "everyday": everyday})
    assert json.loads(found.text) == {
        "lengths": table(100),
        "sources": table(4_500),
        "everyday": {"all": ALL},
    }
    assert found.left_out == ("everyday by kind",)
    found = evals_tag({"lengths": table(500), "sources": table(4_500), "everyday": everyday})
    assert found.as_tags()["evals.left_out"] == "everyday by kind, lengths"
    assert json.loads(found.text) == {"sources": table(4_500), "everyday": {"all": ALL}}


def test_of_too_many_tables_the_accuracy_on_everyday_sentences_is_kept() -> None:
    names = ("slices", "sources", "behaviour", "hard_behaviour", "lengths", "other_kinds")
    found = evals_tag(dict.fromkeys(names, table(4_880)) | {"everyday": {"all": ALL, "questions": {}}})
    assert json.loads(found.text) == {"everyday": {"all": ALL}}
    assert found.left_out == (
        "everyday by kind",
        "lengths",
        "hard_behaviour",
        "slices",
        "behaviour",
        "sources",
        "other_kinds",
    )
