"""Proof that a CSV file is regular.

The fast reader and the exact one must agree on such a file. A file is regular if every quote opens, closes or
is doubled inside a field, every record has as many fields as the header, and no quoted field goes on over a
line end. A misplaced quote can make a fast reader swallow or drop rows without a word, and lines inside a
field may be rows (see `tabular.delimited_records`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_QUOTE, _NEWLINE, _RETURN = b'"\n\r'

Positions = NDArray[np.int64]


def regular_rows(data: bytes, separator: str) -> int | None:
    """Count the records behind the header of a regular file.

    None if the file is not regular.
    """
    buffer = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(buffer == _QUOTE)
    if not _quotes_enclose_fields(buffer, quotes, ord(separator)):
        return None
    returns = _outside(np.flatnonzero(buffer == _RETURN), quotes)
    if len(returns) and not _all_before_newline(buffer, returns):
        return None
    newlines = np.flatnonzero(buffer == _NEWLINE)
    ends = _outside(newlines, quotes)
    if len(ends) < len(newlines):
        return None
    if len(buffer) and buffer[-1] != _NEWLINE:
        ends = np.append(ends, len(buffer))
    if not len(ends):
        return None
    separators = _outside(np.flatnonzero(buffer == ord(separator)), quotes)
    fields = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
    # One field would leave blank lines in doubt, and no dataset of ours can have fewer than two.
    return len(ends) - 1 if fields[0] > 1 and bool(np.all(fields == fields[0])) else None


def _outside(positions: Positions, quotes: Positions) -> Positions:
    """Return the positions with an even number of quotes before."""
    return positions[np.searchsorted(quotes, positions) % 2 == 0] if len(quotes) else positions


def _all_before_newline(buffer: NDArray[np.uint8], returns: Positions) -> bool:
    return returns[-1] + 1 < len(buffer) and bool(np.all(buffer[returns + 1] == _NEWLINE))


def _quotes_enclose_fields(buffer: NDArray[np.uint8], quotes: Positions, separator: int) -> bool:
    """Return whether all quotes are well placed.

    The 1st, 3rd, 5th … must each begin a field or be the second of a doubled pair, the 2nd, 4th … each end a
    field or be the first of one; by induction nothing else is then possible.
    """
    if len(quotes) % 2:
        return False
    if not len(quotes):
        return True
    before, after = buffer[quotes - 1], buffer[np.minimum(quotes + 1, len(buffer) - 1)]
    if quotes[0] == 0:
        before[0] = _NEWLINE
    if quotes[-1] == len(buffer) - 1:
        after[-1] = _NEWLINE
    doubled = np.diff(quotes) == 1
    opening, closing = slice(0, None, 2), slice(1, None, 2)
    opens = np.isin(before[opening], (separator, _NEWLINE))
    opens[1:] |= doubled[1::2]
    closes = np.isin(after[closing], (separator, _NEWLINE, _RETURN))
    closes[:-1] |= doubled[1::2]
    return bool(opens.all() and closes.all())
