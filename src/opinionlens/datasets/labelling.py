"""Selection of rows with a text and a known label."""

from __future__ import annotations

from collections import Counter

import polars as pl

from opinionlens.base.errors import DatasetMalformed
from opinionlens.base.wording import counted
from opinionlens.datasets.card import Card, label_key
from opinionlens.datasets.table import Rejection, Table
from opinionlens.text.blank import SEEN


def labelled_rows(card: Card, table: Table) -> tuple[pl.DataFrame, Counter[Rejection]]:
    """Return the usable rows, and counts of the others.

    Usable are rows with a text and a known label; the counts are by reason.

    Raises:
        DatasetMalformed: more rows than the card allows have a label that it does not know.
    """
    classes = _classes_of_labels(card, table)
    text, label = pl.col("text").fill_null(""), pl.col("label").fill_null("")
    reason = (
        pl.when(text.str.contains("\0", literal=True) | label.str.contains("\0", literal=True))
        .then(pl.lit(Rejection.NUL_CHARACTER.value))
        .when(~text.str.contains(SEEN))
        .then(pl.lit(Rejection.EMPTY_TEXT.value))
        .when(label.str.strip_chars() == "")
        .then(pl.lit(Rejection.MISSING_LABEL.value))
        .otherwise(
            label.replace_strict(classes, default=Rejection.UNKNOWN_LABEL.value, return_dtype=pl.String)
        )
    )
    outcomes = table.frame.with_columns(outcome=reason)
    is_class = pl.col("outcome").is_in([label.value for label in card.labels.values() if label])
    left_out = outcomes.filter(~is_class)["outcome"]
    kept = outcomes.filter(is_class).select(
        "text",
        pl.col("outcome").alias("label"),
        pl.lit(card.name).alias("source"),
        "group",
        "time",
        _confidence().alias("confidence"),
    )
    return kept, Counter(map(Rejection, left_out))


def _confidence() -> pl.Expr:
    """Return the annotators' confidence as a number.

    It is null where it is not a number from 0 to 1.
    """
    number = pl.col("confidence").str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number.is_between(0.0, 1.0)).then(number)


def _classes_of_labels(card: Card, table: Table) -> dict[str, str]:
    """Map each label as written to a class or rejection."""
    written = table.frame["label"].drop_nulls().value_counts()
    classes: dict[str, str] = {}
    unknown: Counter[str] = Counter()
    for value, count in written.iter_rows():
        key = label_key(value)
        if key in card.labels:
            classes[value] = (card.labels[key] or Rejection.IGNORED_LABEL).value
        elif key:
            unknown[value] += count
    if unknown.total() > card.unknown_labels_allowed * table.rows_in:
        values = ", ".join(
            f"{value[:40]!r} ({counted(count, 'row')})" for value, count in unknown.most_common(20)
        )
        more = f" and {len(unknown) - 20} more" if len(unknown) > 20 else ""
        raise DatasetMalformed(
            f"{unknown.total()} of {table.rows_in} rows of `{card.name}` have a label that its label map "
            f"does not cover: {values}{more}; it covers: {', '.join(map(repr, card.labels))}",
            remedy="Add them to the map, with null for those to leave out.",
        )
    return classes
