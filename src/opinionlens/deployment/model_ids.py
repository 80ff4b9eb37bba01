"""Ids of versions in addresses, such as `opinionlens-3`."""

from __future__ import annotations

import re

from opinionlens.deployment.errors import ModelNotLoaded

# A name may contain dashes: the number stands behind the last one.
_MODEL_ID = re.compile(r"(?P<name>.+)-(?P<number>[1-9][0-9]{0,8})", re.ASCII | re.DOTALL)


def model_id_of(name: str, number: int | str) -> str:
    """Return the id of a version."""
    return f"{name}-{number}"


def name_and_number(model_id: str) -> tuple[str, int]:
    """Return the name and number of an id.

    Raises ModelNotLoaded if it has another form.
    """
    found = _MODEL_ID.fullmatch(model_id)
    if found is None:
        raise ModelNotLoaded(
            "There is no such model.", remedy="An id is a name and a number: `opinionlens-3`."
        )
    return found["name"], int(found["number"])
