"""Slices of the test split with possibly weaker scores.

Words are those of the de-duplication key: lower-cased, without urls, user names and punctuation. Thresholds
are quartiles of the test split itself, and texts exactly on one belong to the slice:

- `balanced_data`: of each label as many texts as the rarest has, those with the smallest draws.
- `short_text`, `long_text`: the quarter of the texts with the fewest and the quarter with the most words.
- `less_common_words`, `more_common_words`: the quarter of the texts whose words are the rarest and the
  quarter whose words are the most common in the training split. A text's commonness is the mean over its
  words of ln(1 + n), where n is how often the word occurs in the training texts. Texts without a word are in
  neither.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from opinionlens.text.bulk import word_counts


def build_slices(train: pl.DataFrame, test: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the five slices by name.

    Rows keep the order of `test`. Both frames need the column words.
    """
    measured = test.with_columns(
        length=word_counts(pl.col("words")), commonness=_commonness(train["words"], test["words"])
    )
    length, commonness = pl.col("length"), pl.col("commonness")
    chosen = {
        "balanced_data": _among_first_of_label(test),
        "short_text": length <= length.quantile(0.25),
        "long_text": length >= length.quantile(0.75),
        "less_common_words": commonness <= commonness.quantile(0.25),
        "more_common_words": commonness >= commonness.quantile(0.75),
    }
    return {name: measured.filter(condition).select(test.columns) for name, condition in chosen.items()}


def _among_first_of_label(test: pl.DataFrame) -> pl.Expr:
    rarest = test.group_by("label").len()["len"].min()
    return pl.int_range(pl.len()).over("label") < (rarest or 0)


def _commonness(train: pl.Series, test: pl.Series) -> pl.Series:
    """Return the mean commonness of each test text's words.

    The commonness of a word is ln(1 + times in `train`); null for a text without words.
    """
    words = pl.concat([train, test]).str.split(" ")
    lengths = words.list.len().cast(pl.Int64).to_numpy()
    codes = words.explode().cast(pl.Categorical).to_physical().to_numpy()
    border = lengths[: len(train)].sum()
    times = np.bincount(codes[:border], minlength=codes.max() + 1)
    starts = np.cumsum(lengths[len(train) :]) - lengths[len(train) :]
    sums = np.add.reduceat(np.log1p(times)[codes[border:]], starts)
    # Rounded: the last digits of a logarithm differ between machines and must not decide which texts are in.
    mean = pl.Series((sums / lengths[len(train) :]).round(9))
    return pl.select(pl.when(test != "").then(mean)).to_series()
