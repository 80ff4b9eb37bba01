"""The report on one's own texts in sentences."""

from __future__ import annotations

from collections.abc import Iterable

from opinionlens.base.wording import counted
from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.own_data_report import COMMONEST, OwnDataReport

_FEW = 200
_REASONS = {
    "low_confidence": "no class clearly ahead",
    "foreign_text": "unknown words",
    "unfamiliar_text": "unlike the training texts",
    "empty_text": "no words",
}


def summary(report: OwnDataReport) -> tuple[str, ...]:
    """Return the results in sentences."""
    figures = report.figures
    return (
        f"Right on {percent(figures.accuracy.value)} of {report.n:,} texts; macro F1 "
        f"{span(figures.macro_f1)}.",
        *(_against(one.name, one.ahead) for one in report.compared),
        *(
            (f"No comparison with the champion: {report.without_champion}",)
            if report.without_champion
            else ()
        ),
        _confidence(report),
        *_certainty(report),
        *((f"{report.n:,} texts are few: look at the intervals.",) if report.n < _FEW else ()),
    )


def how_measured(report: OwnDataReport) -> tuple[str, ...]:
    """Return sentences on the rows and the measures."""
    data = report.data
    return (
        *_rows(report),
        "Labels: " + ", ".join(f"{key} → {name or 'left out'}" for key, name in data.meanings.items()) + ".",
        *(_two_class() if report.two_class else ()),
        "Intervals hold with 95 %: Wilson for shares, the bootstrap (1,000 draws) for macro scores, F1 and "
        "differences, which compare both on the same rows.",
        "Of texts that the model was trained on, these figures would say too much"
        + (f"; it was trained on {', '.join(report.trained_on)}." if report.trained_on else "."),
        *data.notes,
    )


def reason_words(reason: str) -> str:
    """Return a reason for uncertainty in words."""
    return _REASONS.get(reason, reason.replace("_", " "))


def percent(share: float) -> str:
    """Return a share in per cent.

    With one place where it is small, and never 0 or 100 for almost that.
    """
    if 0 < share < 0.0005:
        return "<\u00a00.1\u00a0%"
    if 0.995 <= share < 1:
        return ">\u00a099\u00a0%"
    return f"{100 * share:.{1 if 0 < share < 0.0995 else 0}f}\u00a0%"  # a space that does not break


def signed(value: float) -> str:
    """Return a difference with its sign."""
    return f"{value:+.3f}".replace("-", "−")


def span(interval: Interval) -> str:
    """Return a score with its limits."""
    return f"{interval.value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _against(name: str, ahead: Interval) -> str:
    other = "answering with the commonest class" if name == COMMONEST else name
    limits = f"(95 %: {signed(ahead.low)} to {signed(ahead.high)})"
    if ahead.low > 0:
        return f"Better than {other} by {ahead.value:.3f} of macro F1 {limits}."
    if ahead.high < 0:
        return f"Worse than {other} by {-ahead.value:.3f} of macro F1 {limits}."
    return f"Not clearly better or worse than {other}: macro F1 {signed(ahead.value)} {limits}."


def _confidence(report: OwnDataReport) -> str:
    facts = report.calibration
    error = f"calibration error {facts.ece:.3f}; chance alone gives up to {facts.by_chance:.3f}"
    if facts.ece <= facts.by_chance:
        return f"Its confidence means what it says ({error})."
    mean, right = percent(facts.mean_confidence), percent(facts.accuracy)
    gap = facts.mean_confidence - facts.accuracy
    if abs(gap) <= facts.ece / 2:  # too sure here, too unsure there
        return f"Its confidence is off in places ({error})."
    how = "too sure of itself" if gap > 0 else "less sure than it could be"
    return f"It is {how}: confidence {mean} on average, right {right} ({error})."


def _certainty(report: OwnDataReport) -> Iterable[str]:
    certainty = report.certainty
    if certainty.error_of_certain is None:
        return ("Every answer is marked uncertain.",)
    wrong = percent(certainty.error_of_certain.value)
    if certainty.error_of_uncertain is None:
        return (f"No answer is marked uncertain; {wrong} are wrong.",)
    marked, theirs = percent(certainty.uncertain.value), percent(certainty.error_of_uncertain.value)
    return (f"{marked} of its answers are marked uncertain: {theirs} of them wrong, of the others {wrong}.",)


def _rows(report: OwnDataReport) -> Iterable[str]:
    data = report.data
    columns = f"texts from `{data.text_column}`, labels from `{data.label_column}`"
    if report.is_sample:
        yield (
            f"{report.n:,} of the {data.usable:,} usable rows of {data.file} ({columns}), drawn by chance "
            f"with seed {data.seed}, each class in proportion."
        )
    else:
        yield f"All {report.n:,} usable rows of {data.file} ({columns})."
    if data.left_out:
        reasons = ", ".join(f"{count:,} because {why}" for why, count in data.left_out.items())
        left_out = sum(data.left_out.values())
        verb = "is" if left_out == 1 else "are"
        yield f"{left_out:,} of {counted(data.rows_in, 'row')} {verb} not used: {reasons}."


def _two_class() -> Iterable[str]:
    yield (
        "The labels are negative and positive only, so the sign decides: P(positive) is compared with "
        "P(negative), their sum taken for 1, and VADER's compound with 0. Neutral would be no answer here. "
        "Marks of uncertainty are the model's own, over three classes."
    )
