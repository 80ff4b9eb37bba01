"""The sample read as its card says has the figures that were measured when it was chosen."""

import polars as pl
import pytest

from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.download import fetch
from opinionlens.datasets.finding import Places
from opinionlens.datasets.identity import with_identity


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    root = tmp_path_factory.mktemp("sample")
    places = Places(raw=root, fetched=root)
    fetch(CARDS["brand_tweets"], places, root / "brand_tweets")
    return read_dataset(CARDS["brand_tweets"], places).frame


def test_labels(frame):
    assert dict(frame["label"].value_counts().iter_rows()) == {
        "NEGATIVE": 16186,
        "NEUTRAL": 15018,
        "POSITIVE": 6954,
    }


def copies_and_contradictions(frame: pl.DataFrame, key: pl.Series) -> tuple[int, int]:
    labels = frame.select("label", key=key).group_by("key").agg(pl.col("label").n_unique())
    return frame.height - labels.height, labels.filter(pl.col("label") > 1).height


def test_duplicates_up_to_case_and_punctuation(frame):
    key = frame["text"].str.to_lowercase().str.replace_all(r"\W+", " ").str.strip_chars()
    assert copies_and_contradictions(frame, key) == (1050, 56)


def test_our_key_ignores_urls_user_names_and_retweeting_as_well(frame):
    copies, contradictions = copies_and_contradictions(frame, with_identity(frame, seed=1)["key"])
    assert 3300 < copies < 3600
    assert 300 < contradictions < 380
