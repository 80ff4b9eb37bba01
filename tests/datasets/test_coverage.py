import pytest

from opinionlens.datasets.card import Genre
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.coverage import not_trained_on


def test_the_sample_lacks_all_but_tweets_about_companies():
    assert not_trained_on(["brand_tweets"]) == (
        "It was not trained on tweets about other topics, film reviews, reviews of food, reviews of "
        "anything else, news, e-mail and support tickets, conversations, nor on any language but English."
    )


def test_every_source_takes_its_kind_off_the_list():
    assert not_trained_on(["brand_tweets", "imdb", "amazon_food", "airline_tweets", "tweet_eval"]) == (
        "It was not trained on reviews of anything else, news, e-mail and support tickets, "
        "conversations, nor on any language but English."
    )


def test_what_ones_own_files_hold_is_not_known():
    found = not_trained_on(["imdb", "my_tickets"])
    assert found is not None
    assert found.startswith(
        "Beside what your own files hold (my_tickets), it was not trained on tweets to and"
    )
    assert found.endswith("nor on any language but English.")


def test_of_own_files_alone_and_of_nothing_nothing_is_said():
    assert not_trained_on(["my_tickets", "letters"]) is None
    assert not_trained_on([]) is None


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_card_names_its_kind_of_texts_and_language(card):
    assert isinstance(card.genre, Genre)
    assert card.language == "English"
