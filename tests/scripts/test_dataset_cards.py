"""The page of data sets is what the cards say."""

import importlib.util
from pathlib import Path

import pytest

from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.table_card import card_from_params
from opinionlens.text.labels import Label

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("dataset_cards", ROOT / "scripts" / "dataset_cards.py")
dataset_cards = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(dataset_cards)


def test_page_is_that_of_the_cards():
    written = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert written == dataset_cards.page(CARDS.values()), "run `make cards`"


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("imdb", "| commercial use | not stated |"),
        ("airline_tweets", "| dates | 16 to 24 February 2015 |"),
        (
            "amazon_food",
            "| how it gets here | you put it there, as `Amazon Food Reviews/Reviews.csv` in `data/raw` |",
        ),
        ("brand_tweets", "| kind of text | tweets to and about companies |"),
    ],
)
def test_card_is_shown_as_a_table(name, row):
    assert f"{row}\n" in dataset_cards.section(CARDS[name])


def test_what_is_not_known_is_called_unknown():
    labels = {"bad": Label.NEGATIVE, "other": None}
    card = card_from_params("own", "own.csv", text_column="a", label_column="b", label_map=labels)
    shown = dataset_cards.section(card)
    assert "| dates | unknown |\n" in shown
    assert "| language | unknown |\n" in shown
    assert "| labels | `bad` → NEGATIVE; `other` → left out |\n" in shown
