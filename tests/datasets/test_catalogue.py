import pytest

from opinionlens.base.errors import ParamsInvalid
from opinionlens.datasets.catalogue import CARDS, select_cards


def names(cards):
    return [card.name for card in cards]


def test_cards_come_in_the_order_of_the_parameters():
    assert names(select_cards(["imdb", "brand_tweets"])) == ["imdb", "brand_tweets"]


def test_own_files_take_part_without_being_named_again(make_card):
    assert names(select_cards(["imdb"], [make_card()])) == ["imdb", "mine"]


def test_own_files_can_be_named_to_stand_alone_or_first(make_card):
    own = [make_card(), make_card(name="yours")]
    assert names(select_cards(["yours", "imdb"], own)) == ["yours", "imdb", "mine"]
    assert names(select_cards(["mine"], own[:1])) == ["mine"]


def test_an_unknown_name_is_refused_with_the_known_ones(make_card):
    with pytest.raises(ParamsInvalid, match=r"`imbd`; known: .*imdb.*mine"):
        select_cards(["imbd"], [make_card()])


def test_a_name_given_twice_is_refused():
    with pytest.raises(ParamsInvalid, match="twice"):
        select_cards(["imdb", "imdb"])


@pytest.mark.parametrize("taken", [*CARDS, "mine"])
def test_an_own_file_cannot_take_another_name(make_card, taken):
    with pytest.raises(ParamsInvalid, match=f"`{taken}` is taken"):
        select_cards(["imdb"], [make_card(), make_card(name=taken)])
