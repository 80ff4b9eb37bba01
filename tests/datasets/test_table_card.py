import pytest

from opinionlens.base.errors import ParamsInvalid
from opinionlens.datasets.card import Layout
from opinionlens.datasets.table_card import card_from_params
from opinionlens.text.labels import Label

ROLES = {"text_column": "body", "label_column": "verdict"}
LABELS = {"good": Label.POSITIVE, "bad": Label.NEGATIVE}


@pytest.mark.parametrize(
    "path",
    [
        "a.csv",
        "a.tsv",
        "a.txt",
        "sub/a.JSONL",
        "a.ndjson",
        "a.json",
        "a.parquet",
        "a.pq",
        "a.csv.gz",
        "a.jsonl.ZIP",
        "a.zip",
    ],
)
def test_every_format_that_score_reads_is_taken(path):
    card = card_from_params("mine", path, **ROLES, label_map=LABELS)
    assert (card.layout, card.path) == (Layout.TABLE, path)


def test_an_unknown_ending_is_refused_with_the_known_ones():
    with pytest.raises(ParamsInvalid, match=r"mine\.xlsx.*\.csv.*\.parquet"):
        card_from_params("mine", "mine.xlsx", **ROLES, label_map=LABELS)


@pytest.mark.parametrize("path", ["/home/me/a.csv", "../a.csv", "sub/../../a.csv", "C:/a.csv"])
def test_a_path_outside_the_folder_that_dvc_watches_is_refused(path):
    with pytest.raises(ParamsInvalid, match="not below"):
        card_from_params("mine", path, **ROLES, label_map=LABELS)


def test_labels_are_compared_without_case_and_may_be_left_out():
    card = card_from_params("mine", "a.csv", **ROLES, label_map={" Good": Label.POSITIVE, "Meh": None})
    assert dict(card.labels) == {"good": Label.POSITIVE, "meh": None}


def test_a_label_map_that_contradicts_itself_is_refused():
    with pytest.raises(ParamsInvalid, match="two meanings"):
        card_from_params("m", "a.csv", **ROLES, label_map={"Good": Label.POSITIVE, "good": Label.NEGATIVE})


@pytest.mark.parametrize("label_map", [{}, {"meh": None}])
def test_a_label_map_without_a_class_is_refused(label_map):
    with pytest.raises(ParamsInvalid, match="no class"):
        card_from_params("mine", "a.csv", **ROLES, label_map=label_map)


@pytest.mark.parametrize("group", ["body", "verdict", ""])
def test_a_column_with_two_roles_or_no_name_is_refused(group):
    with pytest.raises(ParamsInvalid, match="one role"):
        card_from_params("mine", "a.csv", **ROLES, label_map=LABELS, group_column=group)
