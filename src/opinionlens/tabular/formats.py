"""The one list of file formats, by file name ending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

from opinionlens.base.errors import TableInvalid


class FormatKind(Enum):
    """The way in which a file's rows are written."""

    DELIMITED = "delimited"
    JSON = "JSON"
    PARQUET = "Parquet"


ENDINGS: Mapping[str, FormatKind] = {
    ".csv": FormatKind.DELIMITED,
    ".tsv": FormatKind.DELIMITED,
    ".txt": FormatKind.DELIMITED,
    ".jsonl": FormatKind.JSON,
    ".ndjson": FormatKind.JSON,
    ".json": FormatKind.JSON,
    ".parquet": FormatKind.PARQUET,
    ".pq": FormatKind.PARQUET,
}
PACKINGS = (".gz", ".zip")
KNOWN_ENDINGS = f"{' '.join(ENDINGS)}, and each of them followed by {' or '.join(PACKINGS)}"


@dataclass(frozen=True)
class FileFormat:
    """The format that a file name ending stands for.

    Attributes:
        ending: a key of `ENDINGS`; empty for a bare `.zip`, whose content decides.
        packing: one of `PACKINGS`, or empty.
    """

    ending: str
    packing: str = ""

    @property
    def kind(self) -> FormatKind:
        """The way in which the rows are written."""
        return ENDINGS[self.ending]

    @property
    def suffix(self) -> str:
        """The end of the name, with the dot."""
        return self.ending + self.packing


def format_of(path: PurePath) -> FileFormat:
    """Return the format for the ending of a name.

    Raises:
        TableInvalid: the ending is unknown; the message lists those that are known.
    """
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    packing = endings.pop() if endings and endings[-1] in PACKINGS else ""
    ending = endings[-1] if endings else ""
    if ending in ENDINGS:
        return FileFormat(ending, packing)
    if packing == ".zip":
        return FileFormat("", packing)
    raise TableInvalid(
        f"The format of {path.name} is not known by its ending.",
        where=str(path),
        remedy=f"Known are {KNOWN_ENDINGS}; a spreadsheet can save its sheet as CSV.",
    )


def stem_of(path: PurePath) -> str:
    """Return the name without the ending of its format."""
    return path.name[: len(path.name) - len(format_of(path).suffix)]
