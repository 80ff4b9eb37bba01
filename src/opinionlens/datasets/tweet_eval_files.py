"""Reading of TweetEval's paired files.

Line n of one file is the text, line n of the other its label.
"""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from pathlib import Path

from opinionlens.base.errors import DatasetMalformed
from opinionlens.datasets.finding import labels_beside
from opinionlens.datasets.table import Rejection, Row, Table, table_of_rows
from opinionlens.tabular.encoding import BadBytes, decode_marking, needs_repair, repair


def read_pair(text_file: Path, bad_bytes: BadBytes) -> Table:
    """Read a text file and the label file beside it.

    Raises:
        DatasetMalformed: the label file is not there.
    """
    label_file = labels_beside(text_file)
    if not label_file.is_file():
        raise DatasetMalformed(
            f"`{text_file.name}` has no `{label_file.name}` beside it", where=str(text_file.parent)
        )
    rejected: Counter[Rejection] = Counter()
    rows: list[Row] = []
    repaired = 0
    for text, label in zip_longest(_lines(text_file), _lines(label_file)):
        if text is None or label is None:
            rejected[Rejection.MISSING_COLUMN] += 1
            continue
        repaired += needs_repair(text)
        rows.append((repair(text, bad_bytes), repair(label, bad_bytes), None, None, None))
    return table_of_rows(rows, rejected, repaired)


def _lines(path: Path) -> list[str]:
    """Split at newlines only.

    Tweets hold U+2028 and the like, which end no line.
    """
    lines = decode_marking(path.read_bytes()).split("\n")
    return lines[:-1] if lines[-1] == "" else lines
