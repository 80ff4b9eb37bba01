"""Comparison of a window that another program measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from opinionlens.base.errors import InputError, OpinionLensError
from opinionlens.drift.baseline import BASELINE_PATH, DriftBaseline, load_baseline
from opinionlens.drift.comparison import WindowComparison
from opinionlens.drift.report_body import WindowSource
from opinionlens.drift.window_summary import WindowSummary, compare_with_baseline, compare_with_profile
from opinionlens.jobs.drift_check import CheckedModel
from opinionlens.jobs.drift_sources.drift_source import SourceUnusable, broken
from opinionlens.jobs.finished_check import FinishedCheck


def check_summary(
    source: WindowSource,
    window: WindowSummary,
    load_model: Callable[[], CheckedModel],
    *,
    baseline_path: Path = BASELINE_PATH,
) -> FinishedCheck:
    """Compare a window with the saved baseline, else the model.

    The baseline goes first, because it was saved for such windows. The model's reference takes its place
    where there is no baseline, or where the embeddings have the reference's dimension and not the baseline's.

    Args:
        source: that has the window.
        window: itself.
        load_model: called only where the model is needed; raises as it does.
        baseline_path: of the baseline.

    Raises:
        SourceUnusable: it can be compared with neither.
    """
    baseline = load_baseline(baseline_path) if baseline_path.exists() else None
    if baseline is not None and _fits(window, baseline):
        return _finished(source, window, compare_with_baseline(window, baseline), str(baseline_path), None)
    model = _model_instead(window, baseline, baseline_path, load_model)
    try:
        found = compare_with_profile(window, model.profile)
    except InputError as error:
        raise broken(error) from error
    return _finished(source, window, found, model.name, model.version)


def _finished(
    source: WindowSource, window: WindowSummary, found: WindowComparison, name: str, version: int | None
) -> FinishedCheck:
    check = FinishedCheck(found, source, window.start, window.at, window.place, name, version)
    notes = [f"The window is from {window.place}, compared with {check.reference}."]
    if window.texts is None:
        notes.append("It does not say of how many texts it is.")
    return check.noting(notes)


def _model_instead(
    window: WindowSummary,
    baseline: DriftBaseline | None,
    path: Path,
    load_model: Callable[[], CheckedModel],
) -> CheckedModel:
    """Return the model, where its dimension is the window's.

    A baseline of another dimension is named in the refusal.
    """
    if baseline is None or window.embedding is None:
        return load_model()
    found, usual = len(window.embedding), len(baseline.embedding_mean)
    others = f"those of the baseline {path} {usual}"
    try:
        model = load_model()
    except OpinionLensError:  # without a model there is the baseline only
        raise _other_dimension(found, others, window.place) from None
    if found != len(model.profile.embedding):
        others += f", those of the model's reference {len(model.profile.embedding)}"
        raise _other_dimension(found, others, window.place)
    return model


def _other_dimension(found: int, others: str, place: str) -> SourceUnusable:
    return SourceUnusable(
        f"The embeddings have {found} dimensions, {others}.",
        where=place,
        remedy="Compare embeddings of one model only, or save a new baseline with save_baseline.",
        is_broken=True,
    )


def _fits(window: WindowSummary, baseline: DriftBaseline) -> bool:
    return window.embedding is None or len(window.embedding) == len(baseline.embedding_mean)
