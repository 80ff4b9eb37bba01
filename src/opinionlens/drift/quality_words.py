"""Quality of served answers in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from opinionlens.base.wording import counted
from opinionlens.drift.report_content import ReportedQuality, ReportedScore

ASSUMPTION = (
    "The estimate takes the model's probabilities at their word: it assumes that they stay calibrated. For "
    "texts of another kind than those of training it can be far off."
)
BIAS = (
    "Readers speak up mostly where an answer is wrong, so feedback is no fair sample. It is weighed so that "
    "labels and confidences have the shares of all answers; what moved readers to speak cannot be mended."
)


def quality_summary(quality: ReportedQuality) -> str:
    """Return the expected quality in one sentence."""
    accuracy = next((one for one in quality.estimated if one.metric == "accuracy"), None)
    if accuracy is None:
        return "The quality of the answers is not estimated."
    before = quality.validation.get("accuracy")
    then = "" if before is None else f"; at training it was {_percent(before)}"
    return f"{_percent(accuracy.value)} of the answers are expected to be right{then}."


def quality_rows(quality: ReportedQuality) -> Iterator[tuple[str, str, str]]:
    """Yield rows of a table: name, accuracy, macro F1."""
    estimated = {one.metric: one for one in quality.estimated}
    yield "Estimated now", _limits(estimated.get("accuracy")), _limits(estimated.get("macro_f1"))
    if quality.validation:
        before = quality.validation
        yield "At training", _score(before.get("accuracy")), _score(before.get("macro_f1"))
    if quality.realised is not None:
        name = f"By feedback on {counted(quality.answers, 'answer')}"
        yield name, _limits(quality.realised), _score(quality.realised_f1)


def quality_notes(quality: ReportedQuality, *, has_drifted: bool) -> Iterator[str]:
    """Yield sentences on how far the figures can be trusted."""
    yield ASSUMPTION
    if has_drifted:
        yield "The texts have changed, so label some of them before you rely on it."
    if quality.realised is not None:
        sources = ", ".join(f"{name} {count:,}" for name, count in quality.sources.items())
        yield f"{BIAS} Sources: {sources}."
        if quality.covered < 0.995:
            yield f"No answer like the other {_percent(1 - quality.covered)} has feedback."


def _limits(score: ReportedScore | None) -> str:
    return "–" if score is None else f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
