"""Texts of other kinds: what is read, what is left out, and what is only reported."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from opinionlens.base.errors import DatasetMalformed, ParamsInvalid
from opinionlens.pipeline.other_kinds import OtherKind, read_other_kinds

LEARNT = ("The soup was cold", "A fine film", "Nothing happened on Tuesday")


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


@pytest.fixture
def splits(tmp_path: Path) -> Path:
    """One text in each split."""
    folder = tmp_path / "preprocessed"
    folder.mkdir()
    for name, text in zip(("train", "val", "test"), LEARNT, strict=True):
        frame = pl.DataFrame({"text": [text], "label": ["NEUTRAL"], "source": ["brand_tweets"]})
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def read(names: Sequence[str], raw: Path, splits: Path, trained_on: Sequence[str] = ()) -> list[OtherKind]:
    return read_other_kinds(names, raw, splits, trained_on=trained_on, seed=42)


def test_a_data_set_with_a_card_is_read_where_its_card_says(raw: Path, splits: Path) -> None:
    rows = [("Worth every minute", "positive"), ("A waste of two hours", "negative")]
    write_csv(raw / "IMDB Dataset" / "IMDB Dataset.csv", ["review", "sentiment"], rows)
    (found,) = read(["imdb"], raw, splits)
    assert (found.name, found.problem) == ("imdb", None)
    assert set(zip(found.texts, found.labels, strict=True)) == {
        ("Worth every minute", "POSITIVE"),
        ("A waste of two hours", "NEGATIVE"),
    }


def test_a_labelled_file_is_read_as_evaluate_reads_it(raw: Path, splits: Path) -> None:
    write_csv(raw / "ours" / "shop.csv", ["body", "stars"], [("Good", "5"), ("So so", "3"), ("Bad", "1")])
    (found,) = read(["ours/shop.csv"], raw, splits)
    assert dict(zip(found.texts, found.labels, strict=True)) == {
        "Good": "POSITIVE",
        "So so": "NEUTRAL",
        "Bad": "NEGATIVE",
    }


def test_texts_of_the_splits_are_left_out_and_each_text_counts_once(raw: Path, splits: Path) -> None:
    rows = [
        ("@shop the SOUP was cold! http://example.com/a", "negative"),  # in the training split but for signs
        ("a fine film", "positive"),  # in the validation split
        ("nothing happened on tuesday...", "neutral"),  # in the test split
        ("Warm soup", "positive"),
        ("warm soup!", "positive"),
        ("Soup of the day", "neutral"),
        ("soup of the day", "negative"),  # the labels disagree
    ]
    write_csv(raw / "soups.csv", ["text", "label"], rows)
    (found,) = read(["soups.csv"], raw, splits)
    assert (len(found.texts), found.labels) == (1, ["POSITIVE"])
    write_csv(raw / "soups.csv", ["text", "label"], rows[:3])
    (found,) = read(["soups.csv"], raw, splits)
    assert found == OtherKind("soups.csv", problem="all of its texts are in the data of the model")


def test_what_is_not_there_is_reported(raw: Path, splits: Path) -> None:
    film, hub, file = read(["imdb", "tweet_eval", "ours.csv"], raw, splits)
    assert not (film.texts or hub.texts or file.texts)
    assert "`imdb`" in str(film.problem)
    assert "only measured on where it is there already" in str(hub.problem)
    assert "no file `ours.csv`" in str(file.problem)


def test_a_source_of_the_model_is_of_no_other_kind(raw: Path, splits: Path) -> None:
    write_csv(raw / "ours.csv", ["text", "label"], [("Good", "positive"), ("Bad", "negative")])
    (found,) = read(["ours.csv"], raw, splits, trained_on=["ours.csv"])
    assert found == OtherKind("ours.csv", problem="the model has learnt from it")


def test_a_data_set_of_a_package_is_there_and_a_sample_of_it_is_drawn(raw: Path, splits: Path) -> None:
    (found,) = read(["brand_tweets"], raw, splits)
    assert len(found.texts) == 5_000
    assert len(set(found.texts)) == 5_000
    assert set(found.labels) == {"NEGATIVE", "NEUTRAL", "POSITIVE"}
    assert list(raw.iterdir()) == []


def test_a_file_that_is_there_and_broken_is_a_fault(raw: Path, splits: Path) -> None:
    write_csv(raw / "IMDB Dataset" / "IMDB Dataset.csv", ["review", "sentiment"], [("A film", "perhaps")])
    with pytest.raises(DatasetMalformed):
        read(["imdb"], raw, splits)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("imbd", "neither a known data set"),
        ("notes.docx", "neither a known data set"),
        ("../ours.csv", "not below"),
        ("/data/ours.csv", "not below"),
    ],
)
def test_a_name_that_can_be_no_set_is_refused(name: str, words: str, raw: Path, splits: Path) -> None:
    with pytest.raises(ParamsInvalid, match=words) as caught:
        read([name], raw, splits)
    assert caught.value.where == "evaluation.other_kinds"


def test_without_names_nothing_is_read(tmp_path: Path) -> None:
    assert read([], tmp_path / "none", tmp_path / "none") == []
