"""The places of a dataset's files on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from opinionlens.base.errors import DatasetMissing
from opinionlens.datasets.card import Card, HubFiles, Layout, PackageFile, UserFile

# A download from the hub, a checkout of the original repository, or the files alone. Only below a folder of
# the task itself may Parquet files lie deeper: beside it are the ten other tasks.
_TWEET_EVAL_FOLDERS = (
    ("sentiment", "**/*.parquet"),
    ("datasets/sentiment", "**/*.parquet"),
    ("", "*.parquet"),
)

# `dvc exp run --temp` and `--queue` work there, in a copy of the project without the files that git ignores.
_COPY_OF_DVC = re.compile(r"(?P<root>.*)/\.dvc/tmp/exps/(?:standalone/)?[^/]+/(?P<path>.+)", re.DOTALL)
_COPY_IT = (
    "DVC runs this experiment in a copy of the project, without the files that git ignores. "
    "Have it copy this one: `dvc exp run -C '{path}' …`, with `--temp` or `--queue` as before."
)


@dataclass(frozen=True, slots=True)
class Places:
    """The two roots for datasets: own files and fetched ones."""

    raw: Path
    fetched: Path


def candidates(card: Card, places: Places) -> tuple[Path, ...]:
    """Return every possible place of a dataset, preferred one first.

    A user's copy goes before a fetched one.
    """
    match card.origin:
        case PackageFile():
            return (places.fetched / card.name / card.path,)
        case UserFile():
            return (places.raw / card.path,)
        case HubFiles():
            return (places.raw / card.path, places.fetched / card.name)


def locate(card: Card, places: Places) -> tuple[Path, ...]:
    """Return the files of a dataset in reading order.

    Raises:
        DatasetMissing: which dataset, where it was looked for, how to get it.
    """
    for candidate in candidates(card, places):
        files = _tweet_eval_files(candidate) if card.layout is Layout.TWEET_EVAL else _single_file(candidate)
        if files:
            return files
    raise missing(card, places, left_behind=_place_before_copy(card, places))


def missing(card: Card, places: Places, because: str = "", left_behind: Path | None = None) -> DatasetMissing:
    """Build the error for a missing dataset.

    It says which one is missing, where it was looked for and how to get it.

    Args:
        card: the dataset.
        places: where it was looked for.
        because: why it could not be fetched.
        left_behind: where it lies in the project of which DVC has made a copy for an experiment.
    """
    looked = " and ".join(f"`{candidate}`" for candidate in candidates(card, places))
    return DatasetMissing(
        f"the dataset `{card.name}` ({card.title}) is missing{because and f': {because}'}",
        where=f"looked for {looked}",
        remedy=card.how_to_get if left_behind is None else _COPY_IT.format(path=left_behind.as_posix()),
    )


def _place_before_copy(card: Card, places: Places) -> Path | None:
    """Return the path that DVC has to copy.

    DVC makes no folder for a file that it copies: of a file in a folder, it is the folder directly below
    `places.raw`. It is relative to the project's root; None if this is no copy, or the dataset is not there
    either.
    """
    for candidate in candidates(card, Places(raw=places.raw, fetched=places.raw / ".nowhere")):
        found = _COPY_OF_DVC.match(str(candidate.absolute()))
        if found and (Path(found["root"]) / found["path"]).exists():
            place = Path(found["path"])
            inside = len(candidate.relative_to(places.raw).parts) - 1
            return place.parents[inside - 1] if inside else place
    return None


def _single_file(path: Path) -> tuple[Path, ...]:
    return (path,) if path.is_file() else ()


def _tweet_eval_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of the sentiment task, sorted.

    Text files are preferred to Parquet files; the order makes runs agree.
    """
    for place, tables in _TWEET_EVAL_FOLDERS:
        for pattern in ("*_text.txt", tables):
            files = tuple(sorted((folder / place).glob(pattern)))
            if files:
                return files
    return ()


def labels_beside(text_file: Path) -> Path:
    """Return `train_labels.txt` for `train_text.txt`."""
    return text_file.with_name(text_file.name.removesuffix("_text.txt") + "_labels.txt")
