"""A baseline in one small file, and drift against it.

The older form: mean shares of labels and one mean embedding, compared with constants. `opinionlens drift
check` uses the model's own reference, with thresholds for the size of the window.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opinionlens.base.errors import InputError
from opinionlens.base.files import replacing_file
from opinionlens.drift.measures.embedding_drift import cosine_distance
from opinionlens.drift.measures.label_drift import kl_divergence
from opinionlens.text.labels import LABELS

BASELINE_PATH = Path("drift/baseline.json")
# The older system's: drift is where the sum of both is above it.
COMBINED_THRESHOLD = 0.35
LABEL_THRESHOLD = 0.15

Shares = Mapping[str, float] | Sequence[float]
_MOST_BYTES = 10_000_000


@dataclass(frozen=True, eq=False)
class DriftBaseline:
    """Usual shares of labels and the usual mean embedding.

    Attributes:
        sentiment_dist: in the order of LABELS, summing to 1.
        embedding_mean: of any dimension.
    """

    sentiment_dist: NDArray[np.float64]
    embedding_mean: NDArray[np.float64]


def save_baseline(
    sentiment_dist: Shares, embeddings: ArrayLike, path: str | Path = BASELINE_PATH
) -> DriftBaseline:
    """Write a baseline and return it.

    Args:
        sentiment_dist: shares by label, as {"negative": .2, …} or in the order negative, neutral, positive.
        embeddings: one row per text, or their mean.
        path: the file; its folder is made.

    Raises:
        InputError: the shares do not sum to 1, or a number is missing.
    """
    baseline = DriftBaseline(shares_in(sentiment_dist, str(path)), mean_in(embeddings, str(path)))
    values = {
        "sentiment_dist": shares_by_name(baseline.sentiment_dist),
        "embedding_mean": baseline.embedding_mean.tolist(),
    }
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(target) as aside:
        aside.write_text(f"{json.dumps(values, indent=2)}\n", encoding="utf-8")
    return baseline


def load_baseline(path: str | Path = BASELINE_PATH) -> DriftBaseline:
    """Read a baseline.

    Raises:
        InputError: there is none, or it is none.
    """
    where = str(path)
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        values = json.loads(content) if len(content) <= _MOST_BYTES else None
    except FileNotFoundError as error:
        raise InputError(
            "There is no baseline.",
            where=where,
            remedy="Write one with opinionlens.drift.baseline.save_baseline.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"The baseline is not JSON: {error}.", where=where) from error
    if not isinstance(values, dict) or not {"sentiment_dist", "embedding_mean"} <= values.keys():
        raise InputError("A baseline needs `sentiment_dist` and `embedding_mean`.", where=where)
    return DriftBaseline(shares_in(values["sentiment_dist"], where), mean_in(values["embedding_mean"], where))


def run_drift(
    sentiment_dist: Shares, embeddings: ArrayLike, baseline: DriftBaseline | str | Path = BASELINE_PATH
) -> dict[str, Any]:
    """Compare recent shares and embeddings with a baseline.

    Args:
        sentiment_dist: recent shares by label.
        embeddings: recent ones, one row per text, or their mean.
        baseline: the file, or what `load_baseline` returned.

    Returns:
        `label_drift` (Kullback–Leibler, finite for missing labels), `embedding_drift` (one minus cosine),
        `combined_drift` (their sum), and `drift_detected`: whether the sum is above 0.35.

    Raises:
        InputError: the embeddings have another dimension than the baseline's, or a part is no numbers.
    """
    usual = baseline if isinstance(baseline, DriftBaseline) else load_baseline(baseline)
    shares, mean = shares_in(sentiment_dist, "sentiment_dist"), mean_in(embeddings, "embeddings")
    if len(mean) != len(usual.embedding_mean):
        raise InputError(
            f"The embeddings have {len(mean)} dimensions, those of the baseline {len(usual.embedding_mean)}.",
            remedy="Compare embeddings of one model only, or save a new baseline.",
        )
    label = float(kl_divergence(shares[None], usual.sentiment_dist[None])[0])
    embedding = float(cosine_distance(mean[None], usual.embedding_mean[None])[0])
    combined = label + embedding
    return {
        "label_drift": label,
        "embedding_drift": embedding,
        "combined_drift": combined,
        "drift_detected": combined > COMBINED_THRESHOLD,
    }


def shares_by_name(shares: NDArray[np.float64]) -> dict[str, float]:
    """Return shares by label, as the older files spell them."""
    return {label.value.lower(): float(value) for label, value in zip(LABELS, shares, strict=True)}


def shares_in(given: object, where: str) -> NDArray[np.float64]:
    """Return shares of labels in the order of LABELS.

    Raises:
        InputError: they are no shares; `where` is the place that the message names.
    """
    if isinstance(given, Mapping):
        by_name = {str(name).upper(): value for name, value in given.items()}
        if unknown := sorted(by_name.keys() - {label.value for label in LABELS}):
            raise InputError(
                f"{unknown[0]!r} is no label.", where=where, remedy="Known: negative, neutral, positive."
            )
        given = [by_name.get(label.value, 0.0) for label in LABELS]
    shares = _numbers(given, "The shares of labels", where)
    if shares.shape != (len(LABELS),):
        raise InputError(
            "The shares of labels are not three numbers.",
            where=where,
            remedy="Order: negative, neutral, positive.",
        )
    if (shares < 0).any() or not math.isclose(shares.sum(), 1, abs_tol=0.01):
        raise InputError("The shares of labels do not sum to 1.", where=where)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def mean_in(given: object, where: str) -> NDArray[np.float64]:
    """Return the mean of embeddings, or a given mean.

    Raises:
        InputError: they are no rows of numbers; `where` is the place that the message names.
    """
    embeddings = _numbers(given, "The embeddings", where)
    if embeddings.ndim == 2 and len(embeddings):
        embeddings = embeddings.mean(axis=0)
    if embeddings.ndim != 1 or not len(embeddings):
        raise InputError("The embeddings are no rows of numbers.", where=where)
    return embeddings


def _numbers(given: object, what: str, where: str) -> NDArray[np.float64]:
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} are no numbers.", where=where) from error
    if not np.isfinite(found).all():
        raise InputError(f"{what} hold NaN or an infinity.", where=where)
    return found
