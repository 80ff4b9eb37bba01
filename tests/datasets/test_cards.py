"""Every card says all that a reader of a score needs to know about the data behind it."""

import dataclasses
import re
from pathlib import PurePosixPath

import pytest

from opinionlens.datasets.card import HubFiles, PackageFile, label_key
from opinionlens.datasets.catalogue import CARDS
from opinionlens.text.labels import LABELS, Label

every_card = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)


@every_card
def test_a_card_is_listed_under_its_own_name(card):
    assert CARDS[card.name] is card
    assert re.fullmatch(r"[a-z][a-z0-9_]*", card.name)


@every_card
@pytest.mark.parametrize("field", ["title", "licence", "terms", "citation", "how_to_get"])
def test_provenance_is_written_down(card, field):
    assert len(getattr(card, field)) > 2  # CC0 is the shortest licence


@every_card
def test_origin_of_the_texts_is_described(card):
    assert card.genre is not None
    assert card.language == "English"
    assert min(len(card.domain), len(card.dates), len(card.published_split)) > 3
    assert re.search(r"\b(19|20)\d\d\b", card.dates), "at least a year, even of the publication"
    assert re.search(r"\b20\d\d\b", card.citation)


@every_card
def test_the_source_is_an_address(card):
    assert card.source_url.startswith("https://")


@every_card
def test_known_faults_are_written_down_as_sentences(card):
    assert card.caveats
    assert all(caveat.endswith(".") for caveat in card.caveats)


@every_card
def test_files_lie_below_the_folder_they_are_looked_for_in(card):
    path = PurePosixPath(card.path)
    assert not path.is_absolute()
    assert ".." not in path.parts


@every_card
def test_labels_are_in_the_form_in_which_they_are_compared(card):
    assert list(card.labels) == [label_key(written) for written in card.labels]
    assert {label for label in card.labels.values() if label} <= set(LABELS)
    assert {Label.NEGATIVE, Label.POSITIVE} <= set(card.labels.values())


@every_card
def test_times_have_a_format(card):
    assert bool(card.time_formats) == (card.columns.time is not None)


@every_card
def test_a_digest_is_a_sha256(card):
    assert card.sha256 is None or re.fullmatch("[0-9a-f]{64}", card.sha256)


@every_card
def test_a_card_cannot_be_changed(card):
    with pytest.raises(dataclasses.FrozenInstanceError):
        card.name = "other"
    with pytest.raises(TypeError):
        card.labels["neg"] = Label.POSITIVE


def test_what_is_fetched_is_pinned():
    for card in CARDS.values():
        match card.origin:
            case PackageFile():
                assert card.sha256, "a package's file is one known file"
            case HubFiles(revision=revision):
                assert re.fullmatch("[0-9a-f]{40}", revision)


def test_stars_of_food_reviews():
    assert {stars: str(label) for stars, label in CARDS["amazon_food"].labels.items()} == {
        "1": "NEGATIVE",
        "2": "NEGATIVE",
        "3": "NEUTRAL",
        "4": "POSITIVE",
        "5": "POSITIVE",
    }


def test_which_datasets_have_a_neutral_class():
    """Name a new source here where it has neutral texts."""
    with_neutral = {name for name, card in CARDS.items() if Label.NEUTRAL in card.labels.values()}
    assert with_neutral == {"brand_tweets", "amazon_food", "airline_tweets", "tweet_eval"}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (" Positive ", "positive"),
        ("POS", "pos"),
        ("4.0", "4"),
        ("-1.000", "-1"),
        ("4.5", "4.5"),
        ("v4.0", "v4.0"),
    ],
)
def test_label_key(written, key):
    assert label_key(written) == key
