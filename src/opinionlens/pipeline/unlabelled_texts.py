"""Texts without labels, for a teacher to answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opinionlens.base.errors import StageFailed, TableInvalid
from opinionlens.datasets.identity import draw_of, key_of
from opinionlens.datasets.own_rows import MOST_CHARS
from opinionlens.pipeline.kind_params import UnlabelledFile
from opinionlens.tabular.opening import check_plain_file, open_source
from opinionlens.tabular.row_problems import RowProblem
from opinionlens.text.deduplication import deduplication_key


@dataclass(frozen=True)
class UnlabelledTexts:
    """A seeded draw of texts.

    Attributes:
        texts: each once, up to case, punctuation, addresses and user names.
        read: how many rows the files have.
        unusable: rows without a text.
        labelled: rows whose text is among the labelled ones.
    """

    texts: Sequence[str]
    read: int
    unusable: int
    labelled: int


def read_unlabelled(
    files: Sequence[UnlabelledFile], folder: Path, labelled: Iterable[str], *, most: int, seed: int
) -> UnlabelledTexts:
    """Draw at most `most` texts of all files.

    A text is drawn by a number that follows from seed and text, so that a longer file changes few of them.
    Texts that have a label in any split are left out: those of the test split must stay unknown.

    Raises:
        StageFailed: a file is missing or cannot be read.
    """
    known = {_key(text) for text in labelled}
    kept: dict[str, tuple[float, str]] = {}
    read = unusable = of_labelled = 0
    for text in _texts(files, folder):
        read += 1
        if isinstance(text, RowProblem):
            unusable += 1
            continue
        key = _key(text)
        if key in known:
            of_labelled += 1
        elif key not in kept:
            kept[key] = (draw_of(seed, f"unlabelled:{key}"), text[:MOST_CHARS])
            if len(kept) > 2 * most:
                kept = _smallest(kept, most)
    texts = [text for _, text in _smallest(kept, most).values()]
    return UnlabelledTexts(texts, read, unusable, of_labelled)


def _key(text: str) -> str:
    return key_of(deduplication_key(text), text)


def _smallest(kept: dict[str, tuple[float, str]], most: int) -> dict[str, tuple[float, str]]:
    return dict(sorted(kept.items(), key=lambda one: one[1][0])[:most])


def _texts(files: Sequence[UnlabelledFile], folder: Path) -> Iterator[str | RowProblem]:
    for file in files:
        path = folder / file.path
        try:
            check_plain_file(path)
            with open_source(path, file.text_column) as source:
                for chunk in source.chunks():
                    yield from chunk.texts
        except (TableInvalid, OSError) as error:
            raise StageFailed(
                f"The unlabelled texts cannot be read: {error}",
                where=str(path),
                remedy="Correct `distilled.files` in kinds/params.yaml; its paths are below `data.raw_dir`.",
            ) from error
