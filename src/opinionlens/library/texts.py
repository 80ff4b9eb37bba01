"""Checks on the texts that callers pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opinionlens.base.errors import InputError


class TextsInvalid(InputError, TypeError):
    """A text is no string, or texts are no collection."""


def one_text(value: object) -> str:
    """Return the text.

    Raises:
        TextsInvalid: it is no string.
    """
    if isinstance(value, str):
        return value
    raise TextsInvalid(
        f"A text must be a str, not {_type_of(value)}.",
        remedy="For several texts use predict_many or predict_proba.",
    )


def many_texts(values: Iterable[str]) -> list[str]:
    """Return the texts as a list.

    Raises:
        TextsInvalid: one of them is no string, or `values` is a single text or a table.
    """
    if isinstance(values, (str, bytes)):
        raise TextsInvalid("One text was given instead of several.", remedy="Pass a list: [text].")
    if isinstance(values, Mapping) or hasattr(values, "columns"):  # iterating over a table gives its names
        raise TextsInvalid(
            f"A {_type_of(values)} was given instead of texts.",
            remedy='Pass the column that holds the texts, for example table["text"].',
        )
    if not isinstance(values, Iterable):
        raise TextsInvalid(
            f"Texts must come in a list, an array or a column, not as {_type_of(values)}.",
            remedy="Pass a list of str.",
        )
    texts = list(values)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextsInvalid(
                f"The text at position {place} must be a str, not {_type_of(text)}.",
                remedy='Remove missing values, or fill them with "".',
            )
    return texts


def _type_of(value: object) -> str:
    return type(value).__name__
