"""Windows known by their averages only, and their comparison.

Other programs hand them over in place of texts. They are compared with the baseline in a file, by the older
system's constants, or with a model's profile, by its thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import InputError
from opinionlens.drift.baseline import (
    COMBINED_THRESHOLD,
    LABEL_THRESHOLD,
    DriftBaseline,
    mean_in,
    run_drift,
    shares_in,
)
from opinionlens.drift.comparison import MeasureResult, WindowComparison
from opinionlens.drift.measures import domain_classifier
from opinionlens.drift.measures.known_measures import MEASURES
from opinionlens.drift.measures.label_drift import LABEL_DRIFT, kl_divergence
from opinionlens.drift.measures.measure import Measure
from opinionlens.drift.profile import LEAST_TEXTS, Means, TextProfile

COMBINED_DRIFT = "combined_drift"
# The parts of a profile that a summary has, too.
_COMPARABLE = ("label_shift", "label_drift", "embedding_drift")
_WHY_NOT = "Needs more than shares of labels and a mean embedding."
_NO_EMBEDDINGS = "The window has no embeddings."


@dataclass(frozen=True, eq=False)
class WindowSummary:
    """Averages over recent texts.

    Attributes:
        shares: of labels, in the order of LABELS, summing to 1.
        embedding: the mean one; None where there is none.
        texts: their number; None where it is not said.
        at: the moment after the last of them, or of the writing.
        start: the first moment; that of `at` where it is not said.
        place: where it was found, for messages.
    """

    shares: NDArray[np.float64]
    embedding: NDArray[np.float64] | None
    texts: int | None
    at: datetime
    start: datetime
    place: str


def summary_in(values: Mapping[str, object], *, at: datetime, place: str) -> WindowSummary:
    """Return the window that named values describe.

    Args:
        values: `sentiment_dist` (shares by label, or in the order negative, neutral, positive); where there
            are some, `embeddings` (one row per text, or their mean); `texts` (their number), `start` and
            `created_at` (ISO 8601). Other names are left alone.
        at: the time of a window that does not say it.
        place: for messages.

    Raises:
        InputError: a value is of another form.
    """
    if values.get("sentiment_dist") is None:
        raise InputError("`sentiment_dist` is missing.", where=place)
    shares = shares_in(_plain(values["sentiment_dist"]), place)
    given = _plain(values.get("embeddings"))
    embedding = None if given is None else mean_in(given, place)
    texts = _count_in(values.get("texts"), place)
    if texts is None and isinstance(given, list | np.ndarray) and np.ndim(given) == 2 and len(given) > 1:
        texts = len(given)  # one row only may be a mean
    end = _moment_in(values.get("created_at"), "created_at", place) or at
    return WindowSummary(
        shares, embedding, texts, end, _moment_in(values.get("start"), "start", place) or end, place
    )


def compare_with_baseline(window: WindowSummary, baseline: DriftBaseline) -> WindowComparison:
    """Compare a window with a baseline, by the older constants.

    Drift is a sum of label and embedding drift above 0.35, or label drift above 0.15 without embeddings.

    Raises:
        InputError: the embeddings have another dimension; the message names both.
    """
    if window.embedding is None:
        label = float(kl_divergence(window.shares[None], baseline.sentiment_dist[None])[0])
        return _by_constants(
            window,
            _result("label_drift", label, LABEL_THRESHOLD),
            _result("embedding_drift", None, None, _NO_EMBEDDINGS),
        )
    found = run_drift(window.shares.tolist(), window.embedding, baseline)
    return _by_constants(
        window,
        _result("label_drift", found["label_drift"], None),
        _result("embedding_drift", found["embedding_drift"], None),
        MeasureResult(
            COMBINED_DRIFT,
            "Sum of label and embedding drift",
            found["combined_drift"],
            COMBINED_THRESHOLD,
            0.0,
            "Labels and embeddings together are farther from the baseline than 0.35.",
        ),
    )


def compare_with_profile(window: WindowSummary, profile: TextProfile) -> WindowComparison:
    """Compare a window with a model's profile, by its thresholds.

    Raises:
        InputError: the number of texts is not said, or the embeddings have another dimension.
    """
    usual = profile.means()
    has_embedding = window.embedding is not None
    if window.embedding is not None and len(window.embedding) != len(profile.embedding):
        raise InputError(
            f"The embeddings have {len(window.embedding)} dimensions, those of the model's reference "
            f"{len(profile.embedding)}.",
            where=window.place,
            remedy="Save a baseline of the same embeddings with opinionlens.drift.baseline.save_baseline.",
        )
    if window.texts is None:
        raise InputError(
            "It does not say of how many texts it is, and thresholds depend on that.",
            where=window.place,
            remedy="Add `texts`, or save a baseline with opinionlens.drift.baseline.save_baseline.",
        )
    if window.texts < LEAST_TEXTS:
        return WindowComparison(window.texts, 0, profile.false_alarm_rate, ())
    means = Means(
        window.texts,
        labels=window.shares[None],
        confidence=usual.confidence,
        length=usual.length,
        read_texts=window.texts if has_embedding else 0,
        embedding=None if window.embedding is None else window.embedding[None],
    )

    def taken(measure: Measure) -> MeasureResult:
        if measure.name not in _COMPARABLE:
            return _result(measure.name, None, None, _WHY_NOT)
        if measure.needs_words and not has_embedding:
            return _result(measure.name, None, None, _NO_EMBEDDINGS)
        value = float(measure.values(means, usual)[0])
        return _result(
            measure.name,
            value,
            profile.threshold(measure.name, means.texts, has_words=has_embedding),
        )

    results = [taken(measure) for measure in MEASURES]
    results.append(_of_domain())
    return WindowComparison(window.texts, means.read_texts, profile.false_alarm_rate, tuple(results))


def _by_constants(window: WindowSummary, *results: MeasureResult) -> WindowComparison:
    return WindowComparison(window.texts or 0, 0, None, results)


def _result(
    name: str, value: float | None, threshold: float | None, why_not: str | None = None
) -> MeasureResult:
    measure = next((one for one in MEASURES if one.name == name), LABEL_DRIFT)
    return MeasureResult(name, measure.title, value, threshold, 0.0, measure.says, why_not)


def _of_domain() -> MeasureResult:
    return MeasureResult(
        domain_classifier.NAME,
        domain_classifier.TITLE,
        None,
        None,
        0.5,
        domain_classifier.SAYS,
        "The window has no texts.",
    )


def _plain(given: object) -> object:
    """Return arrays of objects or strings as refused values.

    numpy would parse strings as numbers.
    """
    if isinstance(given, np.ndarray) and given.dtype.kind not in "fiu":
        return "no numbers"
    return given


def _count_in(given: object, place: str) -> int | None:
    if given is None:
        return None
    value = given.item() if isinstance(given, np.ndarray) and given.ndim == 0 else given
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError("`texts` is no number of texts.", where=place)
    return value


def _moment_in(given: object, name: str, place: str) -> datetime | None:
    if given is None:
        return None
    value = given.item() if isinstance(given, np.ndarray) and given.ndim == 0 else given
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise InputError(
            f"`{name}` is no time with a zone.", where=place, remedy="For example 2026-11-28T00:00:00+00:00."
        )
    return moment
