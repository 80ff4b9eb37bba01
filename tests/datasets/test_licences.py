from pathlib import Path

import pytest

from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.licences import licences_of, warning_of


@pytest.mark.parametrize(
    ("source", "use"),
    [
        ("brand_tweets", "forbidden"),
        ("airline_tweets", "forbidden"),
        ("amazon_food", "allowed"),
        ("imdb", "not_stated"),
        ("tweet_eval", "not_stated"),
        ("tickets_of_mine", "not_stated"),
    ],
)
def test_what_a_licence_says_of_commercial_use(source, use):
    (licence,) = licences_of([source])
    assert (licence.source, licence.commercial_use) == (source, use)
    assert licence.terms.endswith(".")


def test_every_card_is_asked_about_above():
    asked = {"brand_tweets", "airline_tweets", "amazon_food", "imdb", "tweet_eval"}
    assert set(CARDS) == asked, "add the new source to the cases above, and here"


def test_licences_are_those_of_the_cards_and_of_ones_own_files():
    assert [each.licence for each in licences_of(["airline_tweets", "tickets_of_mine"])] == [
        "CC BY-NC-SA 4.0",
        "Yours",
    ]


def test_the_sample_names_the_licence_of_the_tweets_that_it_shares():
    (sample,) = licences_of(["brand_tweets"])
    assert "CC BY-NC-SA 4.0: no commercial use" in sample.terms


def test_a_source_that_forbids_commercial_use_is_named_in_a_sentence():
    warning = warning_of(licences_of(["airline_tweets", "brand_tweets", "imdb"]))
    assert warning is not None
    assert "may not be used commercially (airline_tweets, brand_tweets)." in warning


def test_without_such_a_source_there_is_nothing_to_warn_of():
    assert warning_of(licences_of(["imdb", "amazon_food", "tickets_of_mine"])) is None


@pytest.mark.parametrize("source", CARDS)
def test_the_readme_lists_every_source(source):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"| `{source}`" in readme
