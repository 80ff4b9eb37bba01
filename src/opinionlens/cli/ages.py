"""Ages on the command line: 30m, 24h, 7d."""

from __future__ import annotations

import re
from datetime import timedelta

from opinionlens.base.errors import InputError

_AGE = re.compile(r"([1-9][0-9]{0,5})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def age_of(text: str) -> timedelta:
    """Return the time that 30m, 24h or 7d stands for.

    Raises:
        InputError: it stands for none.
    """
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise InputError(f"{text[:50]!r} is no time.", remedy="For example 30m, 24h or 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
