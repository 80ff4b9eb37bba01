"""Selection of columns for models of few features.

Trees and nearest neighbours predict badly among 100,000 columns.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sklearn.feature_selection import chi2

from opinionlens.features.counts import Counts, Csr, FloatArray
from opinionlens.features.spec import SPARSE_BLOCKS
from opinionlens.features.weighting import Weighting

Columns = npt.NDArray[np.int64]


def telling_terms(block: Csr, codes: npt.NDArray[np.int64], how_many: int) -> Columns:
    """Return the columns that depend most on the class.

    Their presence is compared with the class by chi-squared; they are sorted.
    """
    presence = block.astype(bool).astype(np.float64)
    strength: FloatArray = np.nan_to_num(chi2(presence, codes)[0])  # of equals the earlier is kept
    order = np.argsort(-strength, kind="stable")
    return np.sort(order[:how_many])


def narrowed(
    weighting: Weighting, counts: Counts, codes: npt.NDArray[np.int64], terms: int
) -> tuple[Weighting, Columns]:
    """Keep the most telling text columns and all dense ones.

    `terms` columns of every text block are kept. The others get scale 0, so that they do not count for the
    norm either.

    Returns:
        The weighting, and the positions of the kept columns in its result.
    """
    kept: list[Columns] = []
    offset = 0
    for name, block in weighting.blocks():
        width = len(block.scale)
        columns = np.arange(width)
        if name in SPARSE_BLOCKS:
            columns = telling_terms(getattr(counts, name), codes, terms)
            mask = np.zeros(width)
            mask[columns] = 1.0
            weighting = replace(weighting, **{name: replace(block, scale=block.scale * mask)})
        kept.append(columns + offset)
        offset += width
    return weighting, np.concatenate(kept)
