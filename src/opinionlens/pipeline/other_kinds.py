"""Texts of kinds that a model was not trained on.

They are measured where they are present; no model is trained on them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import polars as pl

from opinionlens.base.errors import DatasetMissing, ParamsInvalid, TableInvalid
from opinionlens.datasets.card import HubFiles
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.download import HubUnavailable, fetch
from opinionlens.datasets.duplicates import remove_duplicates
from opinionlens.datasets.finding import Places
from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.own_rows import Wanted, read_own_rows
from opinionlens.datasets.sampling import sample_rows
from opinionlens.datasets.table_card import leaves_folder
from opinionlens.pipeline.paths import SPLITS
from opinionlens.tabular.formats import format_of

# Intervals are about one point wide then, and a set takes half a minute at most.
MOST_TEXTS = 5_000


@dataclass(frozen=True)
class OtherKind:
    """One set of labelled texts of another kind.

    Without any texts `problem` says why.
    """

    name: str
    texts: Sequence[str] = ()
    labels: Sequence[str] = ()
    problem: str | None = None


def read_other_kinds(
    names: Sequence[str], raw: Path, splits: Path, *, trained_on: Collection[str], seed: int
) -> list[OtherKind]:
    """Read the sets of other kinds that are present.

    Nothing is downloaded; a missing set is reported and is no error. Texts that are in one of the splits are
    left out, then texts that occur twice; of more than 5,000 a sample is drawn by seed and text, with the
    classes in proportion.

    Args:
        names: of data sets with a card, or paths of labelled files below `raw`.
        raw: where the user's data sets lie.
        splits: the folder that `preprocess_data` wrote.
        trained_on: names of the sources that the model has learnt from.
        seed: of the sample.

    Raises:
        ParamsInvalid: a name is neither that of a card nor that of a labelled file below `raw`.
        DatasetMalformed: a file is there, but does not match its card, or holds no labelled texts.
        TableInvalid: a file is there, but cannot be read.
    """
    for name in names:
        _check_name(name)
    sets: list[OtherKind] = []
    known: frozenset[str] | None = None
    for name in names:
        if name in trained_on:
            sets.append(OtherKind(name, problem="the model has learnt from it"))
            continue
        try:
            frame = _of_card(name, raw) if name in CARDS else _of_file(name, raw, seed)
        except DatasetMissing as error:
            sets.append(OtherKind(name, problem=error.what))
            continue
        if known is None:
            known = _keys_in(splits)
        sets.append(_chosen(name, frame, known, seed))
    return sets


def _check_name(name: str) -> None:
    if name in CARDS:
        return
    try:
        format_of(PurePosixPath(name))
    except TableInvalid as error:
        raise ParamsInvalid(
            f"`{name}` is neither a known data set ({', '.join(CARDS)}) nor a labelled file",
            where="evaluation.other_kinds",
            remedy=error.remedy,
        ) from error
    if leaves_folder(name):
        raise ParamsInvalid(
            f"`{name}` is not below `data.raw_dir`",
            where="evaluation.other_kinds",
            remedy="Put the file there, or set `data.raw_dir` to where it is.",
        )


def _of_card(name: str, raw: Path) -> pl.DataFrame:
    card = CARDS[name]
    with tempfile.TemporaryDirectory(prefix="opinionlens-other-kinds-") as folder:
        places = Places(raw=raw, fetched=Path(folder))
        fetch(card, places, places.fetched / card.name, _stay_offline)
        return read_dataset(card, places).frame


def _stay_offline(origin: HubFiles, file: str) -> Path:
    raise HubUnavailable("it is only measured on where it is there already")


def _of_file(name: str, raw: Path, seed: int) -> pl.DataFrame:
    if not (raw / name).is_file():
        raise DatasetMissing(f"there is no file `{name}` in `{raw}`")
    own = read_own_rows(raw / name, Wanted(max_rows=MOST_TEXTS, seed=seed))
    labels = [label.value for label in own.labels]
    frame = pl.DataFrame({"text": list(own.texts), "label": labels})
    return frame.with_columns(source=pl.lit(name), group=pl.lit(None, pl.String))


def _keys_in(splits: Path) -> frozenset[str]:
    parts = [pl.read_parquet(splits / f"{name}.parquet", columns=["text", "source"]) for name in SPLITS]
    frame = pl.concat(parts).with_columns(group=pl.lit(None, pl.String))
    return frozenset(with_identity(frame, 0)["key"])


def _chosen(name: str, frame: pl.DataFrame, known: Collection[str], seed: int) -> OtherKind:
    rows = remove_duplicates(with_identity(frame, seed)).frame
    fresh = rows.filter(~pl.col("key").is_in(list(known)))
    if fresh.is_empty():
        return OtherKind(name, problem="all of its texts are in the data of the model")
    taken = sample_rows(fresh, MOST_TEXTS, seed)
    return OtherKind(name, taken["text"].to_list(), taken["label"].to_list())
