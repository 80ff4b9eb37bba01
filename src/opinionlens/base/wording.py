"""Numbers in sentences."""

from __future__ import annotations


def counted(number: float, one: str, many: str | None = None) -> str:
    """Return "1 row", or "2,000 rows".

    Args:
        number: the count.
        one: what follows a single one, for example "row" or "row has".
        many: what follows any other number; by default `one` with an s.
    """
    return f"{number:,.0f} {one if number == 1 else many or f'{one}s'}"
