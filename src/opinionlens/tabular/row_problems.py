"""Reasons why a row has no usable text."""

from __future__ import annotations

from enum import Enum

# A line that is no JSON object is kept whole in a column of this name.
RAW_LINE = "input_line"


class RowProblem(Enum):
    """A reason why a row cannot be used.

    The value is the text of its column `error`.
    """

    NO_TEXT = "the text is missing or empty"
    NOT_TEXT = "the text is not a string"
    TOO_FEW_COLUMNS = "the row has fewer columns than the header"
    TOO_MANY_COLUMNS = "the row has more columns than the header; what is too much stands in the last one"
    BROKEN_QUOTES = "a quotation mark is not closed, or stands inside a cell that is not quoted properly"
    CUT_OFF = "the file ends inside this row"
    NOT_JSON = f"the line is not valid JSON; it stands in `{RAW_LINE}`"
    NOT_AN_OBJECT = f"the line is JSON, but not an object; it stands in `{RAW_LINE}`"
